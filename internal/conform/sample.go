package conform

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
)

// reference stands in a sample for what is known during the run only: {{run}}, {{now}}, {{today}}, or {{operation#/pointer}} for a value
// that an earlier answer, result or notice of an operation had.
var reference = regexp.MustCompile(`\{\{([a-z.]+)(?:#([^{}]*))?\}\}`)

// filled puts values in the place of references. It waits for results that a sample refers to.
func (k *kit) filled(ctx context.Context, body json.RawMessage) ([]byte, error) {
	value, err := k.fill(ctx, any(fields(body)))
	if err != nil {
		return nil, err
	}
	return encode(value.(map[string]any)), nil // what goes in as an object comes out as one
}

func (k *kit) fill(ctx context.Context, value any) (_ any, err error) {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			if v[name], err = k.fill(ctx, v[name]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range v {
			if v[i], err = k.fill(ctx, v[i]); err != nil {
				return nil, err
			}
		}
	case string:
		return k.fillText(ctx, v)
	}
	return value, nil
}

// fillText replaces the references in a text. One that is the whole text keeps the kind of its value: a number stays a number.
func (k *kit) fillText(ctx context.Context, text string) (any, error) {
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		value, err := k.value(ctx, m[1], m[2])
		if err != nil {
			return nil, err
		}
		if m[0] == text {
			return value, nil
		}
		text = strings.Replace(text, m[0], fmt.Sprint(value), 1)
	}
	return text, nil
}

func (k *kit) value(ctx context.Context, name, pointer string) (any, error) {
	switch name {
	case "run":
		return k.run, nil
	case "now":
		return k.Clock.Now().Format(time.RFC3339), nil
	case "today":
		return k.Clock.Now().Format(time.DateOnly), nil
	}
	body, err := k.said(ctx, spec.Operation(name))
	if err != nil {
		return nil, err
	}
	return at(fields(body), name, pointer)
}

// said is the latest that the counterpart said by an operation: its answer, or what it sent. A result is waited for, for all works that
// it may belong to.
func (k *kit) said(ctx context.Context, op spec.Operation) ([]byte, error) {
	info, ok := spec.Lookup(op)
	switch {
	case !ok:
		return nil, fmt.Errorf("规范里没有操作 %s", op)
	case info.Direction == spec.ToCounterpart:
		if body, ok := k.answers[op]; ok {
			return body, nil
		}
		return nil, fmt.Errorf("%s 还没有应答", op)
	case k.Receiver == nil:
		return nil, fmt.Errorf("没有接收地址，收不到 %s", op)
	}
	ctx, cancel := context.WithTimeout(ctx, k.Wait)
	defer cancel()
	if !k.Receiver.wait(ctx, func() bool { return len(k.Receiver.good(op)) > 0 && k.complete(op) }) {
		return nil, fmt.Errorf("%s 内没有收到 %s", k.Wait, op)
	}
	all := k.Receiver.good(op)
	return all[len(all)-1].Body, nil
}

// at follows a JSON pointer.
func at(value any, name, pointer string) (any, error) {
	if pointer == "" {
		return value, nil
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch v := value.(type) {
		case map[string]any:
			value = v[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("%s 没有 %s", name, pointer)
			}
			value = v[i]
		default:
			value = nil
		}
		if value == nil {
			return nil, fmt.Errorf("%s 没有 %s", name, pointer)
		}
	}
	return value, nil
}
