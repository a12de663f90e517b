package wire

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"yichuang/internal/exchange/spec"
	"yichuang/internal/exchange/spec/filedrop"
	"yichuang/internal/kit/clock"
	"yichuang/internal/kit/log"
	"yichuang/internal/kit/sm"
	"yichuang/internal/sim/board"
)

// About says which system one is.
type About struct {
	Name        string // folder of its address: "registry/321202"
	Title       string // for people
	App         string // its X-App-Id
	Counterpart string // the file of the interface it serves: "registry"
	District    string // GB/T 2260; empty where it serves the whole city
	Zone        string // zone of the platform that calls it
	Dialect     string // how it speaks; empty: as the interface has it
}

// Unified is the dialect of those that speak the interface itself.
const Unified = "unified"

// System is one outside system on the published interface.
type System struct {
	About
	hub      *Hub
	key      *sm.Signer
	serves   map[spec.Operation]operation
	answered *board.Table[answered]
	account  account       // on the file server, where its dialect needs one
	box      *filedrop.Box // nil: it is called over HTTP

	mu      sync.Mutex
	busy    map[string]bool // messages that are being handled
	history []string        // keys of answered, the oldest first
}

// operation runs one request; the status goes with its answer.
type operation func(ctx context.Context, c Call, body []byte) (status int, answer any, err error)

// answered is an answer kept, because the same message gets the same answer.
type answered struct {
	Digest string          `json:"digest"` // of the request
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

// remembered is how many answers a system keeps.
const remembered = 2000

// Call is who asks and when.
type Call struct {
	App       string
	MessageID string
	Operation spec.Operation
	At        time.Time
}

// New adds a system to the hub. It makes the system's key on the first start.
func (h *Hub) New(about About) (*System, error) {
	s := &System{About: about, hub: h, serves: map[spec.Operation]operation{}, busy: map[string]bool{}}
	file := strings.ReplaceAll(s.Name, "/", "-")
	var err error
	if s.key, err = sm.LoadOrCreateSigner(h.board.Path("sm2/" + file + ".pem")); err != nil {
		return nil, err
	}
	if s.answered, err = board.OpenTable[answered](h.board, "answered-"+file); err != nil {
		return nil, err
	}
	s.history = s.answered.Keys()
	if s.exchangesFiles() {
		if s.account, err = h.files.enrol(s.Name); err != nil {
			return nil, err
		}
		if s.Dialect == FileDrop {
			s.openBox(&h.folders)
		}
	}
	Handle(s, spec.SystemPing, func(_ context.Context, c Call, in spec.SystemPingRequest) (spec.SystemPingResponse, error) {
		return spec.SystemPingResponse{Echo: in.Echo, System: s.Title, Now: c.At}, nil
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.systems[s.Name], h.order = s, append(h.order, s)
	return s, nil
}

// exchangesFiles tells whether the system's dialect needs a folder that the platform reaches.
func (s *System) exchangesFiles() bool { return s.Dialect != "" && s.Dialect != Unified }

// Dir is the system's folder on the file server, as it lies on the disk; only where the dialect has one.
func (s *System) Dir() string { return s.hub.files.dir(s.account) }

// Board is where the system keeps its state.
func (s *System) Board() *board.Board { return s.hub.board }

// Now is the time of what the system stamps.
func (s *System) Now() time.Time { return s.hub.board.Now().Truncate(time.Millisecond) }

// Endpoint is what the platform has to know of a system.
type Endpoint struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Counterpart string           `json:"counterpart"`
	District    string           `json:"district,omitempty"`
	Zone        string           `json:"zone"`
	App         string           `json:"app"`
	Dialect     string           `json:"dialect"`
	URL         string           `json:"url,omitempty"`
	Folder      *Folder          `json:"folder,omitempty"` // where it exchanges files
	PublicKey   string           `json:"publicKey"`
	Operations  []spec.Operation `json:"operations"`
}

// Folder is an account on a system's file server.
type Folder struct {
	URL      string `json:"url"`     // sftp://user@host:port/path or file:///path
	HostKey  string `json:"hostKey"` // as a line of known_hosts has it
	Password string `json:"password"`
}

// Endpoint describes the system to the platform.
func (s *System) Endpoint() Endpoint {
	e := Endpoint{Name: s.Name, Title: s.Title, Counterpart: s.Counterpart, District: s.District, Zone: s.Zone, App: s.App,
		Dialect: or(s.Dialect, Unified), URL: s.hub.board.Base + "/" + s.Name, PublicKey: string(s.key.Public().PEM())}
	for op := range s.serves {
		e.Operations = append(e.Operations, op)
	}
	slices.Sort(e.Operations)
	if s.box != nil {
		e.URL = "" // it is not called
	}
	if s.exchangesFiles() {
		e.Folder = s.hub.files.folder(s.account)
	}
	return e
}

// Handle serves an operation that is answered at once. An error of *spec.Fault is the refusal.
func Handle[In, Out any](s *System, op spec.Operation, f func(context.Context, Call, In) (Out, error)) {
	s.serves[op] = func(ctx context.Context, c Call, body []byte) (int, any, error) {
		var in In
		if err := s.hub.document.Read(op, spec.Request, body, &in); err != nil {
			return 0, nil, err
		}
		out, err := f(ctx, c, in)
		return http.StatusOK, out, err
	}
}

// identity is whom the system signs as.
func (s *System) identity(forge bool) spec.Identity {
	key := s.key
	if forge {
		key = s.hub.stranger
	}
	return spec.Identity{App: s.App, Key: spec.SM2Key(key)}
}

// ServeHTTP takes a request of the platform.
func (s *System) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, xml := formOf(s.Dialect)
	switch {
	case s.box != nil:
		http.NotFound(w, r) // it is reached by files only
	case xml:
		board.Spoiling(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serveXML(w, r, form) })).ServeHTTP(w, r)
	default:
		board.Spoiling(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.receive(r.Context(), spec.NewLetter(w, r)) })).ServeHTTP(w, r)
	}
}

// receive takes in a message of the platform and answers it, well or as the fault board has it.
func (s *System) receive(ctx context.Context, l spec.Letter) {
	now := s.Now()
	info, head, err := l.Open(s.hub.verifier, now)
	if err != nil {
		s.refuse(ctx, l, info.Operation, err, false)
		return
	}
	body, err := l.Body(info.MaxRequest, clock.System().Now().Add(info.Timeout))
	blow := s.hub.board.Faults.Strike(s.Name, string(info.Operation), board.Answering)
	if !board.Spoil(ctx, blow) {
		blow = inFiles(blow)
	}
	if !blow.Hold(ctx) {
		return
	}
	forge := blow.Has(board.WrongSignature)
	switch {
	case err != nil:
	case blow.Has(board.Fails):
		err = spec.NewFault(spec.CodeUnavailable, "模拟故障")
	default:
		err = s.hub.nonces.Use(head, now)
	}
	if err != nil {
		s.refuse(ctx, l, info.Operation, err, forge)
		return
	}
	call := Call{App: head.App, MessageID: head.MessageID, Operation: info.Operation, At: now}
	status, answer, err := s.once(ctx, call, info, head.Digest, body)
	if err != nil {
		s.refuse(ctx, l, info.Operation, err, forge)
		return
	}
	s.hub.note(Message{System: s.Name, Operation: info.Operation, Case: caseOf(body), Outcome: "ok"})
	if wrong, ok := s.falsify(blow, body, answer); ok {
		answer = wrong
	}
	if s.box != nil && blow.Has(board.Huge) {
		answer = padded(answer, info.MaxResponse)
	}
	if err := l.Answer(s.identity(forge), status, answer, s.Now()); err != nil {
		s.hub.board.Log.WarnContext(ctx, "answer not sent", "system", s.Name, "operation", info.Operation, "err", err)
	}
}

// once runs a message, or answers as before if it was run already.
func (s *System) once(ctx context.Context, c Call, info spec.Info, digest string, body []byte) (int, []byte, error) {
	key := c.App + " " + c.MessageID
	if !s.enter(key) {
		return 0, nil, spec.NewFault(spec.CodeInProgress, "")
	}
	defer s.leave(key)
	if before, ok := s.answered.Get(key); ok {
		if before.Digest != digest {
			return 0, nil, spec.NewFault(spec.CodeMessageReused, "")
		}
		return before.Status, before.Body, nil
	}
	serve, ok := s.serves[c.Operation]
	if !ok {
		return 0, nil, spec.NewFault(spec.CodeUnknownOperation, "")
	}
	status, answer, err := serve(ctx, c, body)
	if err != nil {
		return 0, nil, err
	}
	out, err := s.encode(c.Operation, spec.Response, answer)
	if err != nil || info.ReadOnly {
		return status, out, err
	}
	return status, out, s.remember(key, answered{Digest: digest, Status: status, Body: out})
}

// encode writes a body and holds it to the interface: a simulator that breaks it would teach the platform wrong.
func (s *System) encode(op spec.Operation, side spec.Side, v any) ([]byte, error) {
	out, err := spec.Encode(v)
	if err != nil {
		return nil, err
	}
	return out, s.hub.document.Check(op, side, out)
}

func (s *System) enter(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[key] {
		return false
	}
	s.busy[key] = true
	return true
}

func (s *System) leave(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, key)
}

func (s *System) remember(key string, a answered) error {
	if err := s.answered.Put(key, a); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = append(s.history, key)
	if len(s.history) <= remembered {
		return nil
	}
	oldest := s.history[0]
	s.history = s.history[1:]
	return s.answered.Delete(oldest)
}

// refuse sends an error; one that is no *spec.Fault is ours.
func (s *System) refuse(ctx context.Context, l spec.Letter, op spec.Operation, err error, forge bool) {
	var fault *spec.Fault
	if !errors.As(err, &fault) {
		s.hub.board.Log.ErrorContext(ctx, "request failed", "system", s.Name, "operation", op, "err", err)
		fault = spec.NewFault(spec.CodeInternal, "")
	}
	s.hub.note(Message{System: s.Name, Operation: op, Outcome: string(fault.Code)})
	if err := l.Refuse(s.identity(forge), fault, log.NewTrace(), s.Now()); err != nil {
		s.hub.board.Log.WarnContext(ctx, "refusal not sent", "system", s.Name, "operation", op, "err", err)
	}
}

// caseOf reads which case a body is about, if it says so.
func caseOf(body []byte) string {
	var about struct {
		CaseNo string `json:"caseNo"`
	}
	_ = json.Unmarshal(body, &about) // a body without a case is about none
	return about.CaseNo
}
