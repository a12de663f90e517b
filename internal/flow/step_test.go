package flow

import (
	"errors"
	"slices"
	"testing"
)

const outcomeData = `<bpmn:extensionElements><yc:data name="outcome" type="string"/><yc:data name="n" type="int"/><yc:data name="list" type="list"/></bpmn:extensionElements>`

func TestSequence(t *testing.T) {
	r := drive(t, define(t, `<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:sendTask id="b"/><bpmn:endEvent id="done"/>`,
		flows("s a", "a b", "b done")), nil)
	r.wantOpen("a")
	r.finish("a", "")
	r.wantEnd("done")
	if !slices.Equal(r.sent, []string{"b"}) || !slices.Equal(r.passed, []string{"s", "a", "b", "done"}) {
		t.Errorf("sent %v, passed %v", r.sent, r.passed)
	}
	for _, e := range []Event{StartEvent(nil), MessageEvent("m1", nil), CompleteEvent(1, nil), CancelEvent()} {
		if err := r.try(e); err == nil {
			t.Errorf("%+v accepted after the end", e)
		}
	}
}

func TestExclusiveTakesFirstThatHoldsElseDefault(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:userTask id="a" yc:outcomes="yes no other"/>
		<bpmn:exclusiveGateway id="x" default="x-u3"/><bpmn:userTask id="u1"/><bpmn:userTask id="u2"/><bpmn:userTask id="u3"/><bpmn:endEvent id="done"/>`,
		flows("s a", "a x", `x u1 outcome == "yes"`, `x u2 outcome == "no" || outcome == "yes"`, "x u3", "u1 done", "u2 done", "u3 done"))
	for outcome, want := range map[string]string{"yes": "u1", "no": "u2", "other": "u3"} {
		r := drive(t, d, nil)
		r.finish("a", outcome)
		r.wantOpen(want)
	}
	r := drive(t, d, nil)
	var refused *OutcomeError
	if err := r.try(CompleteEvent(r.workAt("a"), map[string]any{"outcome": "maybe"})); !errors.As(err, &refused) {
		t.Errorf("unknown outcome gave %v", err)
	}
	if err := r.try(CompleteEvent(r.workAt("a"), nil)); !errors.As(err, &refused) {
		t.Errorf("no outcome gave %v", err)
	}
	var data *DataError
	if err := r.try(CompleteEvent(r.workAt("a"), map[string]any{"outcome": "yes", "colour": 1})); !errors.As(err, &data) || data.Name != "colour" {
		t.Errorf("undeclared data gave %v", err)
	}
	if err := r.try(CompleteEvent(r.workAt("a"), map[string]any{"outcome": "yes", "n": "many"})); !errors.As(err, &data) || data.Want != TypeInt {
		t.Errorf("data of a wrong type gave %v", err)
	}
}

func TestParallelJoinWaitsForAll(t *testing.T) {
	r := drive(t, define(t, `<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/><bpmn:userTask id="c"/>
		<bpmn:parallelGateway id="j"/><bpmn:userTask id="z"/><bpmn:endEvent id="done"/>`,
		flows("s f", "f a", "f b", "f c", "a j", "b j", "c j", "j z", "z done")), nil)
	r.wantOpen("a", "b", "c")
	r.finish("b", "")
	r.finish("a", "")
	r.wantOpen("c")
	if err := r.try(CompleteEvent(2, nil)); !errors.Is(err, ErrNoSuchWork) {
		t.Errorf("unknown work gave %v", err)
	}
	r.finish("c", "")
	r.wantOpen("z")
	r.finish("z", "")
	r.wantEnd("done")
}

func TestInclusiveJoinWaitsForThoseThatMayCome(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:inclusiveGateway id="f" default="f-c"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/><bpmn:userTask id="c"/>
		<bpmn:inclusiveGateway id="j"/><bpmn:userTask id="z"/><bpmn:endEvent id="done"/>`,
		flows("s f", "f a n > 0", "f b n > 1", "f c", "a j", "b j", "c j", "j z", "z done"))
	for n, want := range [][]string{{"c"}, {"a"}, {"a", "b"}} {
		r := drive(t, d, map[string]any{"n": n})
		r.wantOpen(want...)
		for i, node := range want {
			r.finish(node, "")
			if i < len(want)-1 {
				r.wantOpen(want[i+1:]...)
			}
		}
		r.wantOpen("z")
	}
}

func TestBoundaryTimers(t *testing.T) {
	d := define(t, `<bpmn:startEvent id="s"/><bpmn:userTask id="a"/>
		<bpmn:boundaryEvent id="late" attachedToRef="a" cancelActivity="false"><bpmn:timerEventDefinition yc:calendar="working"><bpmn:timeDuration>PT4H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
		<bpmn:boundaryEvent id="over" attachedToRef="a"><bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P15D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
		<bpmn:userTask id="chase" yc:about="a"/><bpmn:endEvent id="chased"/><bpmn:endEvent id="done"/><bpmn:endEvent id="lapsed"/>`,
		flows("s a", "a done", "late chase", "chase chased", "over lapsed"))

	r := drive(t, d, nil)
	late := r.state.Timers[0].ID
	r.fire("late")
	r.wantOpen("a", "chase")
	if err := r.try(TimerEvent(late)); !errors.Is(err, ErrNoSuchTimer) {
		t.Errorf("second firing gave %v", err)
	}
	r.finish("a", "") // what only watched it ends with it
	r.wantEnd("done")
	if !slices.Equal(r.canceled, []string{"chase"}) {
		t.Errorf("cancelled %v", r.canceled)
	}

	r = drive(t, d, nil)
	r.fire("late")
	r.fire("over")
	r.wantOpen("chase")
	r.finish("chase", "")
	r.wantEnd("chased")
}

func TestErrorGoesOutToTheNearestCatch(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/>
		<bpmn:subProcess id="outer"><bpmn:startEvent id="os"/>
		  <bpmn:parallelGateway id="of"/><bpmn:userTask id="beside"/>
		  <bpmn:subProcess id="inner"><bpmn:startEvent id="is"/><bpmn:userTask id="a" yc:outcomes="pass refuse"/><bpmn:exclusiveGateway id="x" default="x-ok"/>
		    <bpmn:endEvent id="ok"/><bpmn:endEvent id="bad"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:endEvent>`+
		flows("is a", "a x", "x ok", `x bad outcome == "refuse"`)+`</bpmn:subProcess>
		  <bpmn:boundaryEvent id="caughtE2" attachedToRef="inner"><bpmn:errorEventDefinition errorRef="err-e2"/></bpmn:boundaryEvent>
		  <bpmn:parallelGateway id="oj"/><bpmn:endEvent id="oe"/><bpmn:endEvent id="oe2"/>`+
		flows("os of", "of beside", "of inner", "beside oj", "inner oj", "oj oe", "caughtE2 oe2")+`</bpmn:subProcess>
		<bpmn:boundaryEvent id="caughtE1" attachedToRef="outer"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:boundaryEvent>
		<bpmn:endEvent id="done"/><bpmn:endEvent id="refused"/>`,
		flows("s outer", "outer done", "caughtE1 refused"))

	r := drive(t, d, nil)
	r.finish("a", "refuse")
	r.wantEnd("refused")
	if !slices.Equal(r.canceled, []string{"beside"}) {
		t.Errorf("cancelled %v", r.canceled)
	}

	r = drive(t, d, nil)
	r.do(FailEvent(r.workAt("a"), "e2", map[string]any{"n": 3}))
	r.wantOpen("beside")
	if err := r.try(FailEvent(r.workAt("beside"), "e2", nil)); !errors.Is(err, ErrUncaught) {
		t.Errorf("error that nobody catches gave %v", err)
	}
	r.do(FailEvent(r.workAt("beside"), "e1", nil))
	r.wantEnd("refused")
	if got := r.state.Data()["n"]; got != int64(3) {
		t.Errorf("n is %v after the end", got)
	}
}

func TestEventSubProcesses(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:subProcess id="main"><bpmn:startEvent id="ms"/><bpmn:userTask id="a"/><bpmn:endEvent id="me"/>
		  <bpmn:subProcess id="note" triggeredByEvent="true"><bpmn:startEvent id="ns" isInterrupting="false"><bpmn:messageEventDefinition messageRef="msg-m1"/></bpmn:startEvent>
		    <bpmn:userTask id="look"/><bpmn:endEvent id="ne"/>`+flows("ns look", "look ne")+`</bpmn:subProcess>
		  <bpmn:subProcess id="stop" triggeredByEvent="true"><bpmn:startEvent id="ss"><bpmn:messageEventDefinition messageRef="msg-m2"/></bpmn:startEvent>
		    <bpmn:userTask id="undo"/><bpmn:endEvent id="se"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:endEvent>`+flows("ss undo", "undo se")+`</bpmn:subProcess>`+
		flows("ms a", "a me")+`</bpmn:subProcess>
		<bpmn:boundaryEvent id="b" attachedToRef="main"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:boundaryEvent>
		<bpmn:endEvent id="done"/><bpmn:endEvent id="stopped"/>`,
		flows("s main", "main done", "b stopped"))

	r := drive(t, d, nil)
	r.do(MessageEvent("m1", map[string]any{"n": 1}))
	r.do(MessageEvent("m1", map[string]any{"n": 2}))
	r.wantOpen("a", "look", "look")
	r.finish("a", "")
	r.finish("look", "")
	r.wantOpen("look") // the scope ends with its last event sub-process
	r.do(MessageEvent("m2", nil))
	r.wantOpen("undo")
	if err := r.try(MessageEvent("m1", nil)); !errors.Is(err, ErrNoCatch) {
		t.Errorf("message to an interrupted scope gave %v", err)
	}
	r.finish("undo", "")
	r.wantEnd("stopped")
}

func TestEventGatewayAndSignals(t *testing.T) {
	d := define(t, `<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:eventBasedGateway id="g"/>
		<bpmn:intermediateCatchEvent id="msg"><bpmn:messageEventDefinition messageRef="msg-m1"/></bpmn:intermediateCatchEvent>
		<bpmn:intermediateCatchEvent id="sig"><bpmn:signalEventDefinition signalRef="sig-s1"/></bpmn:intermediateCatchEvent>
		<bpmn:intermediateCatchEvent id="tim"><bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
		<bpmn:userTask id="a"/><bpmn:intermediateThrowEvent id="th"><bpmn:signalEventDefinition signalRef="sig-s1"/></bpmn:intermediateThrowEvent>
		<bpmn:exclusiveGateway id="x"/><bpmn:parallelGateway id="j"/><bpmn:endEvent id="done"/>`,
		flows("s f", "f g", "f a", "g msg", "g sig", "g tim", "msg x", "sig x", "tim x", "x j", "a th", "th j", "j done"))
	for name, act := range map[string]func(*driver){
		"message": func(r *driver) { r.do(MessageEvent("m1", nil)); r.finish("a", "") },
		"timer":   func(r *driver) { r.fire("tim"); r.finish("a", "") },
		"signal":  func(r *driver) { r.finish("a", "") },
	} {
		t.Run(name, func(t *testing.T) {
			r := drive(t, d, nil)
			act(r)
			r.wantEnd("done")
		})
	}
}

func TestReceiveByMessageOrByWork(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:parallelGateway id="f"/><bpmn:receiveTask id="a" messageRef="msg-m1"/><bpmn:receiveTask id="b" messageRef="msg-m1"/>
		<bpmn:parallelGateway id="j"/><bpmn:endEvent id="done"/>`, flows("s f", "f a", "f b", "a j", "b j", "j done"))
	r := drive(t, d, nil)
	r.finish("a", "", "n", 1)
	r.wantOpen("b")
	r.do(MessageEvent("m1", map[string]any{"n": 5}))
	r.wantEnd("done")

	r = drive(t, d, nil)
	r.do(MessageEvent("m1", nil)) // both wait for the same fact
	r.wantEnd("done")
}

func TestMultiInstance(t *testing.T) {
	loop := func(attrs, inner string) *Definition {
		return define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:serviceTask id="a" yc:operation="=it.op" yc:outcomes="yes no">
			<bpmn:multiInstanceLoopCharacteristics yc:collection="list" yc:item="it" `+attrs+`>`+inner+`</bpmn:multiInstanceLoopCharacteristics></bpmn:serviceTask>
			<bpmn:boundaryEvent id="b" attachedToRef="a"><bpmn:errorEventDefinition errorRef="err-e1"/></bpmn:boundaryEvent><bpmn:userTask id="z"/><bpmn:endEvent id="done"/><bpmn:endEvent id="failed"/>`,
			flows("s a", "a z", "z done", "b failed"))
	}
	list := map[string]any{"list": []map[string]string{{"op": "x.y"}, {"op": "x.z"}, {"op": "x.w"}}}

	t.Run("parallel", func(t *testing.T) {
		r := drive(t, loop("", ""), list)
		r.wantOpen("a", "a", "a")
		r.finish("a", "yes")
		r.finish("a", "yes")
		r.wantOpen("a")
		r.finish("a", "yes")
		r.wantOpen("z")
	})
	t.Run("sequential", func(t *testing.T) {
		r := drive(t, loop(`isSequential="true"`, ""), list)
		for range 3 {
			r.wantOpen("a")
			r.finish("a", "yes")
		}
		r.wantOpen("z")
	})
	t.Run("completion condition", func(t *testing.T) {
		r := drive(t, loop("", `<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">outcome == "no" or loopDone == loopTotal - 1</bpmn:completionCondition>`), list)
		r.finish("a", "yes")
		r.finish("a", "yes")
		r.wantOpen("z")
		if len(r.canceled) != 1 {
			t.Errorf("cancelled %v", r.canceled)
		}
	})
	t.Run("empty", func(t *testing.T) {
		drive(t, loop("", ""), nil).wantOpen("z")
	})
	t.Run("error of one ends all", func(t *testing.T) {
		r := drive(t, loop("", ""), list)
		r.do(FailEvent(r.workAt("a"), "e1", nil))
		r.wantEnd("failed")
	})
	t.Run("attribute of the item", func(t *testing.T) {
		_, commands, err := Step(loop("", ""), State{}, StartEvent(list))
		if err != nil {
			t.Fatal(err)
		}
		var ops []string
		for _, c := range commands {
			if w, ok := c.(OpenWork); ok {
				ops = append(ops, w.Attr["operation"])
			}
		}
		if !slices.Equal(ops, []string{"x.y", "x.z", "x.w"}) {
			t.Errorf("operations %v", ops)
		}
	})
}

func TestMultiInstanceOfSubProcessKeepsItsOwnData(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:subProcess id="each"><bpmn:multiInstanceLoopCharacteristics yc:collection="list" yc:item="it"/>
		<bpmn:extensionElements><yc:data name="answer" type="string"/></bpmn:extensionElements>
		<bpmn:startEvent id="es"/><bpmn:userTask id="a" yc:outcomes="again ok" yc:outcome="answer"/><bpmn:exclusiveGateway id="x" default="x-a"/>
		<bpmn:endEvent id="ee"><bpmn:extensionElements><yc:set name="n" to="n + it"/></bpmn:extensionElements></bpmn:endEvent>`+
		flows("es a", "a x", "x a", `x ee answer == "ok"`)+`</bpmn:subProcess><bpmn:endEvent id="done"/>`, flows("s each", "each done"))
	r := drive(t, d, map[string]any{"list": []int{1, 10, 100}})
	r.finish("a", "again")
	r.finish("a", "ok")
	r.finish("a", "ok")
	r.finish("a", "ok")
	r.wantEnd("done")
	if got := r.state.Data()["n"]; got != int64(111) {
		t.Errorf("n is %v, want 111", got)
	}
}

func TestRules(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:businessRuleTask id="r"><bpmn:extensionElements>
		<yc:rule when="n &gt; 10"><yc:set name="outcome" to="'big'"/></yc:rule>
		<yc:rule when="n &gt; 5"><yc:set name="outcome" to="'middle'"/><yc:set name="n" to="n * 2"/></yc:rule>
		<yc:rule when="true"><yc:set name="outcome" to="'small'"/></yc:rule></bpmn:extensionElements></bpmn:businessRuleTask><bpmn:endEvent id="done"/>`,
		flows("s r", "r done"))
	for n, want := range map[int]string{11: "big", 7: "middle", 1: "small"} {
		r := drive(t, d, map[string]any{"n": n})
		r.wantEnd("done")
		if got := r.state.Data()["outcome"]; got != want {
			t.Errorf("%d is %v, want %s", n, got, want)
		}
	}
}

func TestTerminateEndsOnlyItsScope(t *testing.T) {
	d := define(t, `<bpmn:startEvent id="s"/><bpmn:subProcess id="sub"><bpmn:startEvent id="ss"/><bpmn:parallelGateway id="f"/><bpmn:userTask id="a"/><bpmn:userTask id="b"/>
		<bpmn:endEvent id="t"><bpmn:terminateEventDefinition/></bpmn:endEvent><bpmn:endEvent id="e"/>`+flows("ss f", "f a", "f b", "a t", "b e")+`</bpmn:subProcess>
		<bpmn:userTask id="z"/><bpmn:endEvent id="done"/>`, flows("s sub", "sub z", "z done"))
	r := drive(t, d, nil)
	r.finish("a", "")
	r.wantOpen("z")
}

func TestRunawayIsRefused(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x" default="x-y"/><bpmn:exclusiveGateway id="y"/><bpmn:endEvent id="done"/>`,
		flows("s x", "x y", "y x", "x done n > 0"))
	if _, _, err := Step(d, State{}, StartEvent(nil)); !errors.Is(err, ErrRunaway) {
		t.Errorf("got %v", err)
	}
}

func TestCancelAndSet(t *testing.T) {
	d := define(t, outcomeData, `<bpmn:startEvent id="s"/><bpmn:userTask id="a"/><bpmn:endEvent id="done"/>`, flows("s a", "a done"))
	r := drive(t, d, nil)
	r.do(SetEvent(map[string]any{"n": 4}))
	r.wantOpen("a")
	r.do(CancelEvent())
	r.wantEnd(EndCancelled)
	if !slices.Equal(r.canceled, []string{"a"}) || r.state.Data()["n"] != int64(4) {
		t.Errorf("cancelled %v, data %v", r.canceled, r.state.Data())
	}
}
