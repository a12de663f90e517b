// Package flow runs business processes that are drawn in BPMN 2.0.
//
// In: a definition ([Parse] of a .bpmn file) and what happens to one case: a work finished, a message, a timer.
// Out: works to be done by people and by other systems, handed to a [Host] in the transaction of whatever happened.
//
// The core, [Step], is a pure function from definition, state and event to state and commands: no clock, no database,
// no goroutine. [Engine] is its shell on PostgreSQL: it locks the instance row, steps until nothing more can move,
// writes the state once, appends the history, calls the host, and arms timers as River jobs, or does nothing at all.
// [Draw] renders a definition with the tokens of one instance.
//
// # What a definition may contain
//
// Standard elements: start (none, message), end (none, error, terminate, message, signal), user, service, send, receive
// and business-rule tasks; exclusive, parallel, inclusive and event-based gateways; boundary events (timer, message,
// signal, error); intermediate catch (timer, message, signal) and throw (message, signal); embedded and event
// sub-processes; sequential and parallel multi-instance with a completion condition. Anything else is refused by
// [Parse] with the element's id and line: never ignored.
//
// Our own namespace https://yichuang.cn/bpmn adds:
//
//	<yc:data name="loanKind" type="string|int|bool|money|list|map" default="…"/>  data of a process or sub-process
//	<yc:rule when="…"><yc:set name="…" to="…"/></yc:rule>                          row of a business rule task, first hit wins
//	<yc:set name="…" to="…"/>                                                      assignment when an event or task is passed
//	yc:collection="loanParts" yc:item="loanPart"                                   on multiInstanceLoopCharacteristics
//	yc:calendar="working"                                                          on timerEventDefinition: duration in working time
//	yc:department, yc:role, yc:operation, …                                        attributes of tasks, see below
//
// Conditions, rules and assignments are expr-lang expressions compiled against exactly the declared data: an unknown
// name or a wrong type is an error at load. An attribute that begins with "=" is an expression giving a string.
//
// # How it behaves
//
//   - Between two events every token waits: at an open task, an event, or a join. One event moves them until they all wait
//     again. So data that a task sets is what the gateway behind it sees, whatever runs beside.
//   - A message is a fact about the case: everyone in the instance who waits for it hears it, those on tokens before event
//     sub-processes. Where several receive tasks wait for the same message and one is meant, it's completed as a work.
//   - Messages are not kept for later. A receive task opens a work; a host that knows the fact already completes it at once.
//   - Send tasks and throwing message events are done when the host has taken them.
//   - Data are lexically scoped: a completion sets the innermost declaration of a name that its task can see. A name that is
//     not declared there is refused, as is an outcome that the task does not list.
//   - An error that an error event throws must be caught: Parse sees to it. One from [Engine.Fail] that nobody catches is refused.
//   - Timers run in calendar time, or in working time where yc:calendar says so. A timer that comes late takes effect; one
//     that comes twice, early or after it was cancelled does not.
//   - Instances stay on the version of the definition that they began with.
//   - State and history are not encrypted: no names or numbers of people in the data of a flow.
//
// # Attributes of a work (Work.Attr)
//
// Set on a process or sub-process, an attribute is the default of every task inside.
//
//	department  who does it: registry, housing, tax, bank, fund, bigdata, window, utility, portal, ems, hall
//	role        role of the person, for user tasks and for service tasks of a district whose endpoint is a desk
//	district    code of the district, usually "=district"
//	operation   operation of the exchange specification that a service task calls
//	form        page that a person fills
//	outcomes    space-separated outcomes that Complete accepts in data["outcome"]; empty: none is asked
//	outcome     name of the data that stores the outcome (default: outcome, where declared)
//	limit       time limit: "1d" working days, "4h" working hours, "15d calendar", "36h calendar" (see ParseLimit)
//	remind      percent of the limit at which the assignee is reminded, default 75
//	escalate    percents at which superiors are told, default "100 150"
//	notBy       node whose finisher may not do this work (second review)
//	about       node that this work watches; it ends by itself when that node is finished
//	stopsClock  "true": days in this work do not count for the case (waiting for the applicant)
//	stage       stage of the case for progress pages: precheck, prepare, pay, accept, review, entry, deliver, close
//	public      what a citizen reads while this work is open
//	notice      document that a send task issues
//	sms         message ids a send task sends, space-separated
//	bill        bill that a receive task waits for: tax, fee
//	message     message that a receive or send work is about
//	purpose     variant of an operation, e.g. reassess
package flow
