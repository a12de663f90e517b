// Package boardtest puts one simulated system behind a real listener, for its tests.
package boardtest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"yichuang/internal/kit/clock"
	"yichuang/internal/sim/board"
)

// Start opens a board in a folder of the test's own and serves what mount makes of it below /name/. Messages wait for
// Courier.Tick.
func Start(t testing.TB, name string, mount func(*board.Board) http.Handler) *board.Board {
	t.Helper()
	return StartIn(t, t.TempDir(), clock.System(), name, mount)
}

// StartIn is Start with a folder that may hold an earlier run's state, and a clock.
func StartIn(t testing.TB, dir string, clk clock.Clock, name string, mount func(*board.Board) http.Handler) *board.Board {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	t.Cleanup(srv.Close)
	b, err := board.New(board.Options{Dir: dir, Base: "http://" + srv.Listener.Addr().String(), Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/"+name+"/", http.StripPrefix("/"+name, mount(b)))
	srv.Config.Handler = mux
	srv.Start()
	return b
}
