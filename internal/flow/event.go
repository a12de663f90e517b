package flow

// EventKind is what can happen to an instance.
type EventKind string

// The kinds of events.
const (
	EventStart    EventKind = "start"
	EventComplete EventKind = "complete"
	EventFail     EventKind = "fail"
	EventTimer    EventKind = "timer"
	EventMessage  EventKind = "message"
	EventSet      EventKind = "set"
	EventCancel   EventKind = "cancel"
)

// Event is one thing that happens to an instance, as plain JSON, so that a history can be kept and replayed.
type Event struct {
	Kind EventKind `json:"kind"`
	// Work is finished or failed; Timer fired.
	Work  ID `json:"work,omitempty"`
	Timer ID `json:"timer,omitempty"`
	// Name of the message (start: of the start event, empty where there is one only), or code of the failure.
	Name string `json:"name,omitempty"`
	// Data to be set; "outcome" is the outcome of a work.
	Data Vars `json:"data,omitempty"`
}

// StartEvent begins an instance at the only start event of its process, or at the one without a message.
func StartEvent(data map[string]any) Event { return Event{Kind: EventStart, Data: data} }

// StartMessage begins an instance at the start event of that message.
func StartMessage(message string, data map[string]any) Event {
	return Event{Kind: EventStart, Name: message, Data: data}
}

// CompleteEvent finishes a work.
func CompleteEvent(work ID, data map[string]any) Event {
	return Event{Kind: EventComplete, Work: work, Data: data}
}

// FailEvent ends a work with an error code that the definition catches.
func FailEvent(work ID, code string, data map[string]any) Event {
	return Event{Kind: EventFail, Work: work, Name: code, Data: data}
}

// TimerEvent fires a timer.
func TimerEvent(timer ID) Event { return Event{Kind: EventTimer, Timer: timer} }

// MessageEvent tells a fact to everyone in the instance who waits for it.
func MessageEvent(name string, data map[string]any) Event {
	return Event{Kind: EventMessage, Name: name, Data: data}
}

// SetEvent corrects data of the process without moving anything.
func SetEvent(data map[string]any) Event { return Event{Kind: EventSet, Data: data} }

// CancelEvent ends the instance at once.
func CancelEvent() Event { return Event{Kind: EventCancel} }
