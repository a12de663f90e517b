package embedded

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// oldest is the oldest major version whose SQL and settings we use.
const oldest = 15

// programs is a folder that holds postgres and initdb.
type programs struct {
	bin   string
	major int
}

func (p programs) postgres() string { return filepath.Join(p.bin, "postgres") }
func (p programs) initdb() string   { return filepath.Join(p.bin, "initdb") }

// findPrograms lists the PostgreSQL on this machine: the set-up's first, then the newest. Given a folder, only that one counts.
func findPrograms(ctx context.Context, folder string) ([]programs, error) {
	candidates := []string{folder}
	if folder == "" {
		candidates = append(fromSetup(), fromMachine()...)
	}
	var found []programs
	for _, bin := range candidates {
		major, ok := majorOf(ctx, bin)
		known := slices.ContainsFunc(found, func(p programs) bool { return p.major == major })
		if ok && major >= oldest && !known {
			found = append(found, programs{bin, major})
		}
	}
	if len(found) == 0 {
		return nil, ErrNoPrograms{Looked: candidates}
	}
	return found, nil
}

// fromSetup looks for .tools/pg beside the program file, the working folder and all folders above them: a program runs from
// bin/, a test from the folder of its package.
func fromSetup() []string {
	var starts []string
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	var bins []string
	for _, dir := range starts {
		for {
			bin := filepath.Join(dir, ".tools", "pg", "bin")
			if _, err := os.Stat(bin); err == nil {
				bins = append(bins, bin)
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return bins
}

// fromMachine lists where Debian, Red Hat and Homebrew put PostgreSQL, the newest first, then the search path.
func fromMachine() []string {
	var bins []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
	} {
		matches, _ := filepath.Glob(pattern) // fails only on a malformed pattern
		slices.Reverse(matches)
		bins = append(bins, matches...)
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			bins = append(bins, filepath.Dir(path))
		}
	}
	return bins
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// majorOf asks postgres in the folder for its version; false where it is not there or does not run on this machine.
func majorOf(ctx context.Context, bin string) (int, bool) {
	p := programs{bin: bin}
	if _, err := os.Stat(p.initdb()); err != nil {
		return 0, false
	}
	out, err := exec.CommandContext(ctx, p.postgres(), "--version").Output()
	if err != nil {
		return 0, false
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return 0, false
	}
	major, err := strconv.Atoi(string(m[1]))
	return major, err == nil
}

// choose picks the programs for data of a major version, or the first where there is no data yet (version 0).
func choose(found []programs, data int, folder string) (programs, error) {
	if data == 0 {
		return found[0], nil
	}
	var have []int
	for _, p := range found {
		if p.major == data {
			return p, nil
		}
		have = append(have, p.major)
	}
	return programs{}, ErrVersion{Folder: folder, Data: data, Have: have}
}
