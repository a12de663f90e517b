package filedrop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/folder"
)

// maxTrouble is how many files may make trouble in one look before the folder itself is taken to be in trouble.
const maxTrouble = 10

// Take looks once for requests of the other side and gives each to take as a letter, in order of name. A file that another process has
// in work is left to it, until it is plain that the process is gone. The error is that of the folder; what is wrong with a file is
// told in its answer and in bad/.
func (b *Box) Take(ctx context.Context, take func(context.Context, spec.Letter)) error {
	f, err := b.open(ctx)
	if err != nil {
		return b.lost(err)
	}
	unanswered := b.resume(ctx, f, take)
	l, err := f.List(ctx, b.o.In, b.o.Limits.List)
	if err != nil {
		return b.lost(err)
	}
	b.forgetStrange(l)
	taken, err := b.round(ctx, f, l, take)
	if err != nil {
		return b.lost(err)
	}
	return errors.Join(unanswered, b.unasked(ctx, f, l, taken), b.sweep(ctx, f))
}

// round gives a round of letters to take. One file that makes trouble does not keep the others waiting.
func (b *Box) round(ctx context.Context, f folder.Folder, l folder.Listing, take func(context.Context, spec.Letter)) (taken int, err error) {
	var trouble []error
	for _, e := range l.Entries {
		if err := ctx.Err(); err != nil {
			return taken, err
		}
		if taken == b.o.Limits.Round || len(trouble) == maxTrouble {
			break
		}
		was, err := b.consider(ctx, f, e, take)
		if err != nil {
			trouble = append(trouble, err)
		}
		if was {
			taken++
		}
	}
	return taken, errors.Join(trouble...)
}

// consider looks at one entry. Was says that it was given to take.
func (b *Box) consider(ctx context.Context, f folder.Folder, e folder.Entry, take func(context.Context, spec.Letter)) (was bool, err error) {
	n, named := ParseName(e.Name)
	switch {
	case e.Kind == folder.Dir && (e.Name == takenDir || e.Name == doneDir || e.Name == badDir):
		return false, nil
	case named && n.Kind == Answer && e.Kind == folder.File:
		return false, nil // of Send
	case named && e.Kind != folder.File:
		return false, b.reject(ctx, f, e.Name, "不是普通文件")
	case unfinished(e.Name):
		return false, b.rejectLater(ctx, f, e.Name, 24*time.Hour, "临时文件长期未完成")
	case !named:
		return false, b.rejectLater(ctx, f, e.Name, b.o.Limits.Grace, "文件名不合规")
	}
	l, err := b.load(ctx, f, b.in(e.Name), n, e.Size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, errPartial) && !b.lingers(b.in(e.Name)):
		return false, nil
	case errors.Is(err, errPartial):
		l.wrong = spec.NewFault(spec.CodeAltered, "文件没有写完：长度小于 "+LineLength)
	case errors.Is(err, folder.ErrNotFile):
		return false, b.reject(ctx, f, e.Name, "不是普通文件")
	case err != nil:
		return false, err
	}
	claim := b.claim(e.Name)
	b.mu.Lock()
	b.working[claim] = true
	b.mu.Unlock()
	if err := f.Rename(ctx, b.in(e.Name), b.in(takenDir, claim)); err != nil {
		b.left(claim)
		if errors.Is(err, fs.ErrNotExist) { // another's
			return false, nil
		}
		return false, err
	}
	return true, b.work(ctx, f, l, claim, take)
}

// unfinished tells whether a name is one that writers give a file before it is whole.
func unfinished(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tmp") || strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".filepart")
}

// load reads a request's file. What is too big is read as far as its head goes.
func (b *Box) load(ctx context.Context, f folder.Folder, at string, n Name, size int64) (*letter, error) {
	l := &letter{box: b, folder: f, name: n}
	max := int64(0)
	if info, ok := spec.Lookup(n.Operation); ok {
		max = info.MaxRequest
	}
	raw, err := f.Read(ctx, at, max+maxHead)
	if l.tooBig = errors.Is(err, folder.ErrTooBig); l.tooBig {
		err = nil
	}
	if err != nil {
		return l, err
	}
	var fault *spec.Fault
	l.file, err = parse(raw)
	switch {
	case errors.As(err, &fault):
		l.wrong = fault
		return l, nil
	case err != nil:
		return l, err
	case int64(len(l.file.body)) < l.file.size && !l.tooBig && l.file.size <= max:
		return l, errPartial
	}
	return l, nil
}

// claim is the name of a file in work: since when, and by which process.
func (b *Box) claim(name string) string {
	return strconv.FormatInt(b.machine.Now().Unix(), 10) + "_" + b.id + "_" + name
}

// claimed reads such a name.
func claimed(s string) (since time.Time, by, name string, ok bool) {
	parts := strings.SplitN(s, "_", 3)
	if len(parts) != 3 {
		return time.Time{}, "", "", false
	}
	seconds, err := strconv.ParseInt(parts[0], 10, 64)
	return time.Unix(seconds, 0), parts[1], parts[2], err == nil
}

func (b *Box) left(claim string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.working, claim)
}

// work gives a letter to take and moves its file, at once or, with workers, beside.
func (b *Box) work(ctx context.Context, f folder.Folder, l *letter, claim string, take func(context.Context, spec.Letter)) error {
	run := func() error {
		defer b.left(claim)
		l.ctx = ctx
		take(ctx, l)
		if !l.answered {
			return l.failed // it stays in work, and is taken in once more
		}
		where, why := doneDir, ""
		if l.refused != nil && misfit(l.refused) {
			where, why = badDir, reason(l.refused)
		}
		return b.aside(ctx, f, b.in(takenDir, claim), where, l.name.String(), why)
	}
	if b.o.Workers == 0 {
		return run()
	}
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		b.left(claim)
		return ctx.Err()
	}
	b.workers.Go(func() {
		defer func() { <-b.slots }()
		_ = run() // what is left in work comes up again
	})
	return nil
}

// misfit tells whether a refusal is of the file rather than of what it asks for, or of the moment.
func misfit(f *spec.Fault) bool {
	switch f.Code {
	case spec.CodeHeader, spec.CodeSchema, spec.CodeUnknownApp, spec.CodeBadSignature, spec.CodeAltered, spec.CodeLate, spec.CodeUnknownOperation,
		spec.CodeReplayed, spec.CodeMessageReused, spec.CodeTooBig, spec.CodeNotJSON, spec.CodeNotGranted:
		return true
	}
	return false
}

// resume takes in once more what was left in work: by a process that is gone, or here without an answer.
func (b *Box) resume(ctx context.Context, f folder.Folder, take func(context.Context, spec.Letter)) error {
	list, err := f.List(ctx, b.in(takenDir), b.o.Limits.Round)
	if err != nil {
		return err
	}
	var trouble []error
	for _, e := range list.Entries {
		if len(trouble) == maxTrouble {
			break
		}
		since, by, name, ok := claimed(e.Name)
		n, named := ParseName(name)
		if !ok || !named || n.Kind != Request || e.Kind != folder.File {
			if err := b.rejectLater(ctx, f, path.Join(takenDir, e.Name), b.o.Limits.Grace, "文件名不合规"); err != nil {
				return err
			}
			continue
		}
		if b.holds(e.Name, since, by) {
			continue
		}
		if err := b.takeAgain(ctx, f, e, n, take); err != nil {
			trouble = append(trouble, err)
		}
	}
	return errors.Join(trouble...)
}

// holds tells whether a file in work is to be left alone.
func (b *Box) holds(claim string, since time.Time, by string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if by == b.id {
		return b.working[claim]
	}
	return b.machine.Now().Sub(since) < b.o.Limits.Lease
}

func (b *Box) takeAgain(ctx context.Context, f folder.Folder, e folder.Entry, n Name, take func(context.Context, spec.Letter)) error {
	l, err := b.load(ctx, f, b.in(takenDir, e.Name), n, e.Size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, errPartial):
		l.wrong = spec.NewFault(spec.CodeAltered, "文件没有写完：长度小于 "+LineLength)
	case err != nil:
		return err
	}
	l.again = true
	claim := b.claim(n.String())
	b.mu.Lock()
	b.working[claim] = true
	b.mu.Unlock()
	if claim != e.Name {
		if err := f.Rename(ctx, b.in(takenDir, e.Name), b.in(takenDir, claim)); err != nil {
			b.left(claim)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
	}
	return b.work(ctx, f, l, claim, take)
}

// reject moves an entry that is no message into bad/.
func (b *Box) reject(ctx context.Context, f folder.Folder, name, why string) error {
	err := b.aside(ctx, f, b.in(name), badDir, path.Base(name), string(spec.CodeHeader)+"："+why)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// rejectLater gives its writer time first.
func (b *Box) rejectLater(ctx context.Context, f folder.Folder, name string, grace time.Duration, why string) error {
	if !b.strangeFor(b.in(name), grace) {
		return nil
	}
	return b.reject(ctx, f, name, why)
}

// lingers tells whether a file has been incomplete for too long. It counts from when it was first seen so, for the clocks of file servers
// are their own.
func (b *Box) lingers(at string) bool { return b.strangeFor(at, b.o.Limits.Grace) }

// maxStrange bounds how many files are remembered; more wait their turn.
const maxStrange = 10_000

func (b *Box) strangeFor(at string, grace time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.machine.Now()
	since, seen := b.strange[at]
	if !seen && len(b.strange) < maxStrange {
		b.strange[at] = now
		since, seen = now, true
	}
	return seen && now.Sub(since) >= grace
}

// forgetStrange drops what is no longer there.
func (b *Box) forgetStrange(l folder.Listing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.strange) == 0 || l.More {
		return
	}
	there := make(map[string]bool, len(l.Entries))
	for _, e := range l.Entries {
		there[b.in(e.Name)] = true
	}
	for at := range b.strange {
		if path.Dir(at) == b.o.In && !there[at] {
			delete(b.strange, at)
		}
	}
}

// unasked moves away answers that nobody will ask for: those older than any message, and, where a folder is so full that
// requests cannot be seen for them, those older than an hour.
func (b *Box) unasked(ctx context.Context, f folder.Folder, l folder.Listing, taken int) error {
	age := Lying
	if l.More && taken == 0 {
		age = time.Hour
	}
	moved := 0
	for _, e := range l.Entries {
		n, ok := ParseName(e.Name)
		if !ok || n.Kind != Answer || e.Kind != folder.File || b.o.Clock.Now().Sub(n.Time) < age || moved == b.o.Limits.Round {
			continue
		}
		if err := b.aside(ctx, f, b.in(e.Name), doneDir, e.Name, ""); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("answer that nobody asked for: %w", err)
		}
		moved++
	}
	return nil
}
