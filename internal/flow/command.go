package flow

// Command is what the world around an instance must do after a step, in this order.
type Command interface{ command() }

// WorkKind is who does a work.
type WorkKind string

// A send work is done when it was opened; the others are finished by an event.
const (
	WorkUser    WorkKind = "user"
	WorkService WorkKind = "service"
	WorkSend    WorkKind = "send"
	WorkReceive WorkKind = "receive"
)

// OpenWork asks for a work to be done.
type OpenWork struct {
	ID   ID
	Node *Node
	Kind WorkKind
	Attr map[string]string // expressions evaluated
	Vars Vars              // all data that the task can see
}

// CancelWork takes an open work back. Answered: it was a receive task whose message came.
type CancelWork struct {
	ID       ID
	Node     *Node
	Answered bool
}

// SetTimer asks for a TimerEvent when Limit is over, or at the point in time At (RFC 3339) where that is not empty.
type SetTimer struct {
	ID    ID
	Node  *Node
	Limit Limit
	At    string
}

// CancelTimer takes a timer back.
type CancelTimer struct{ ID ID }

// Passed tells that a node is behind a token, which went on by these flows.
type Passed struct {
	Node  *Node
	Flows []string
}

// End tells that the instance is over, by the end event of that id.
type End struct{ ID string }

func (OpenWork) command()    {}
func (CancelWork) command()  {}
func (SetTimer) command()    {}
func (CancelTimer) command() {}
func (Passed) command()      {}
func (End) command()         {}

// workKind is what kind of work the node opens.
func (k Kind) workKind() WorkKind {
	switch k {
	case KindUser:
		return WorkUser
	case KindService:
		return WorkService
	case KindReceive:
		return WorkReceive
	}
	return WorkSend
}
