package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/sm"
)

// Options say what is checked, and how patiently.
type Options struct {
	Role        string // file of docs/interface: registry, housing, tax …
	Target      string // for the report
	Credentials Credentials
	Carrier     Carrier
	Receiver    *Receiver // nil: results are not checked
	Document    *spec.Document
	Clock       clock.Clock
	Wait        time.Duration // how long results may take; 0: ten minutes
	Linger      time.Duration // how long to look for results too many after that; 0: three seconds
	Limit       time.Duration // no answer may take longer, even where the operation allows it; 0: as published
	Tell        func(string)  // is told in Chinese what is under way; nil: nobody is
}

// clockTolerance is how far two clocks may be apart (README, section 七).
const clockTolerance = time.Second

// kit is a run under way.
type kit struct {
	Options
	self     spec.Identity
	peer     spec.Verifier
	stranger spec.Key // nobody's
	run      string   // stands for {{run}}, new in each run
	tried    []spec.Info
	answers  map[spec.Operation][]byte
	trials   []*Trial
	report   *Report
}

// Run checks all that the counterpart of the role provides. The error is one of the kit's own: what is wrong with the counterpart is
// in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if !slices.Contains(Roles(), o.Role) {
		return nil, fmt.Errorf("role %q is none of %s", o.Role, strings.Join(Roles(), ", "))
	}
	k, err := newKit(o)
	if err != nil {
		return nil, err
	}
	if len(k.tried) == 1 {
		return nil, fmt.Errorf("the credentials provide no operation of the role %s", o.Role)
	}
	k.report.Began = k.Clock.Now()
	for _, s := range k.plan() {
		k.try(ctx, s)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	k.unsampled()
	if err := k.results(ctx); err != nil {
		return nil, err
	}
	k.report.Ended = k.Clock.Now()
	return k.report, nil
}

func newKit(o Options) (*kit, error) {
	k := &kit{Options: o, answers: map[spec.Operation][]byte{}, report: &Report{Role: o.Role, Dialect: o.Carrier.Dialect(), Target: o.Target, App: o.Credentials.PeerApp}}
	k.tried, k.report.Missing = o.Credentials.operations(o.Role)
	if k.Wait == 0 {
		k.Wait = 10 * time.Minute
	}
	if k.Linger == 0 {
		k.Linger = 3 * time.Second
	}
	if k.Tell == nil {
		k.Tell = func(string) {}
	}
	k.run = strings.ToUpper(strconv.FormatInt(k.Clock.Now().UnixMilli(), 36))
	var err error
	if k.self, k.peer, err = o.Credentials.keys(); err != nil {
		return nil, err
	}
	if o.Credentials.Secret != "" {
		k.stranger = spec.Secret(rand.Text())
		return k, nil
	}
	signer, err := sm.NewSigner()
	if err != nil {
		return nil, err
	}
	k.stranger = spec.SM2Key(signer)
	return k, nil
}

// timeout is how long an answer may take.
func (k *kit) timeout(i spec.Info) time.Duration {
	if k.Limit > 0 {
		return min(k.Limit, i.Timeout)
	}
	return i.Timeout
}

// plan lists what is tried: the ping, the samples in their order, then what has none, by the published example.
func (k *kit) plan() []Sample {
	samples := slices.DeleteFunc(slices.Clone(k.Credentials.Samples), func(s Sample) bool {
		info, _ := spec.Lookup(s.Operation)
		return info.Counterpart != k.Role || !k.Credentials.provides(s.Operation)
	})
	var first, last []Sample
	for _, info := range k.tried {
		if slices.ContainsFunc(samples, func(s Sample) bool { return s.Operation == info.Operation && s.Refusal == "" }) {
			continue
		}
		body, err := k.Document.Example(info.Operation, spec.Request)
		if err != nil {
			body = []byte("{}") // every operation has one: a test of the specification sees to it
		}
		if s := (Sample{Operation: info.Operation, Body: body}); info.Operation == spec.SystemPing {
			first = append(first, s)
		} else {
			last = append(last, s)
		}
	}
	return slices.Concat(first, samples, last)
}

// try makes the first call of a sample and checks the rules that need no result.
func (k *kit) try(ctx context.Context, s Sample) {
	info, _ := spec.Lookup(s.Operation) // ReadCredentials and plan know it
	k.Tell(fmt.Sprintf("检查 %s %s", info.Operation, info.Title))
	body, err := k.filled(ctx, s.Body)
	if err == nil {
		body = renewed(body)
		if wrong := k.Document.Check(info.Operation, spec.Request, body); wrong != nil {
			err = fmt.Errorf("样例不符合规范：%w", wrong)
		}
	}
	t := &Trial{kit: k, Info: info, Body: body}
	switch {
	case err != nil && s.Refusal != "":
		k.add(t, refusalRule, skip(string(s.Refusal)+"："+err.Error()))
	case err != nil:
		k.add(t, answerRules()[0], skip(err.Error()))
	case s.Refusal != "":
		k.refusal(ctx, t, s.Refusal)
	default:
		t.call(ctx)
		k.trials = append(k.trials, t)
		k.check(ctx, t, t.now)
	}
}

// refusal sends a sample that is to be refused by a decision on its content.
func (k *kit) refusal(ctx context.Context, t *Trial, code spec.Code) {
	want := fmt.Sprintf("%d %s", http.StatusUnprocessableEntity, code)
	_, a, err := t.send(ctx, t.Body, letter{})
	f := pass(want, a.String())
	switch {
	case err != nil:
		f = fail(want, noAnswer(err))
	case a.Status != http.StatusUnprocessableEntity || a.Code() != code:
		f = fail(want, a.String())
	}
	k.add(t, refusalRule, f)
}

// unsampled notes the refusals of the specification that no sample leads to.
func (k *kit) unsampled() {
	for _, info := range k.tried {
		for _, code := range sortedCodes(k.Document.Refusals(info.Operation)) {
			if !slices.ContainsFunc(k.Credentials.Samples, func(s Sample) bool { return s.Operation == info.Operation && s.Refusal == code }) {
				k.add(&Trial{kit: k, Info: info}, refusalRule, skip(string(code)+"："+"没有样例；请在凭据文件的 samples 里给出（refusal 写 "+string(code)+"）"))
			}
		}
	}
}

func sortedCodes(of map[spec.Code]string) []spec.Code {
	var out []spec.Code
	for code := range of {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// check runs the rules of some moments on a trial.
func (k *kit) check(ctx context.Context, t *Trial, now func(When) bool) {
	rules := slices.DeleteFunc(Rules(), func(r Rule) bool {
		return !now(r.When) || !r.Holds(k.Carrier.Dialect()) || r.For != nil && !r.For(t.Info)
	})
	findings := make([]Finding, len(rules))
	beside := make(chan struct{}, filesBeside)
	var all sync.WaitGroup
	for i, r := range rules {
		if r.When == Each && k.Carrier.Dialect() == FileDrop {
			beside <- struct{}{}
			all.Go(func() {
				findings[i] = r.Check(ctx, t)
				<-beside
			})
			continue
		}
		all.Wait()
		if ctx.Err() == nil {
			findings[i] = r.Check(ctx, t)
		}
	}
	all.Wait()
	for i, r := range rules {
		if findings[i].Verdict != "" {
			k.add(t, r, findings[i])
		}
	}
}

// filesBeside is how many rules are tried beside each other in files: a counterpart may look into its folder once a second only. Those
// of the moment Each do not meddle with one another: each sends messages of its own.
const filesBeside = 12

func (k *kit) add(t *Trial, r Rule, f Finding) {
	k.report.Lines = append(k.report.Lines, Line{Rule: r, Operation: t.Info, Finding: f})
}

// results waits for the results of all works and checks them.
func (k *kit) results(ctx context.Context) error {
	works := slices.DeleteFunc(slices.Clone(k.trials), func(t *Trial) bool { return !t.Info.Async || !t.done() })
	if len(works) == 0 {
		return nil
	}
	if k.Receiver == nil {
		for _, t := range works {
			k.add(t, resultRules()[0], skip("没有接收地址（--listen），结果无法检查"))
		}
		return nil
	}
	k.Tell(fmt.Sprintf("等待 %d 份结果，至多 %s", len(works), k.Wait))
	waiting, cancel := context.WithTimeout(ctx, k.Wait)
	defer cancel()
	if k.Receiver.wait(waiting, func() bool { return k.complete("") }) {
		lingering, cancel := context.WithTimeout(ctx, k.Linger)
		defer cancel()
		<-lingering.Done()
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	for _, t := range works {
		k.check(ctx, t, func(w When) bool { return w == Later })
	}
	return nil
}

// complete tells whether the works that an operation gives the results of have theirs; "" means all works.
func (k *kit) complete(result spec.Operation) bool {
	for _, t := range k.trials {
		if t.Info.Async && t.done() && (result == "" || t.Info.Result == result) && !k.Receiver.taken(t.Work) {
			return false
		}
	}
	return true
}
