package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// blocks gives each counterpart the letters that its operations' codes begin with.
var blocks = map[string]string{
	"registry": "DJ", "housing": "FC", "tax": "SW", "bigdata": "DS", "portal": "ZW", "bank": "YH", "fund": "GJ", "utility": "GY",
	"delivery": "YZ", "channel": "XX", "queue": "JH", "court": "FY", "platform": "PT",
}

// number gives each operation its business type code: the one it was given before, or the next of its block. A code is never given
// out again, so that the lines of operations that are no more stay.
func (m *model) number(file string) error {
	lines, err := readCodes(file)
	if err != nil {
		return err
	}
	last := map[string]int{}
	given := map[string]string{}
	for _, line := range lines {
		given[line[1]] = line[0]
		n, err := strconv.Atoi(line[0][2:])
		if err != nil {
			return fmt.Errorf("%s: code %s", file, line[0])
		}
		last[line[0][:2]] = max(last[line[0][:2]], n)
	}
	for i := range m.operations {
		o := &m.operations[i]
		if o.code = given[o.name]; o.code == "" {
			block := blocks[o.counterpart]
			if block == "" {
				return fmt.Errorf("counterpart %s has no letters for its codes", o.counterpart)
			}
			last[block]++
			o.code = fmt.Sprintf("%s%03d", block, last[block])
			lines = append(lines, []string{o.code, o.name})
		}
	}
	return m.writeCodes(file, lines)
}

// readCodes reads the table without its heading; a table that is not there yet is empty.
func readCodes(file string) ([][]string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, line := range lines[1:] {
		if len(line) < 2 || len(line[0]) != 5 {
			return nil, fmt.Errorf("%s: line %v", file, line)
		}
	}
	return lines[1:], nil
}

func (m *model) writeCodes(file string, lines [][]string) error {
	slices.SortFunc(lines, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	table := [][]string{{"业务类型代码", "操作", "名称", "方向", "请求", "应答"}}
	for _, line := range lines {
		row := []string{line[0], line[1], "（已停用）", "", "", ""}
		for _, o := range m.operations {
			if o.name == line[1] {
				row = []string{o.code, o.name, o.title, way(o), o.request, o.response}
			}
		}
		table = append(table, row)
	}
	var b strings.Builder
	if err := csv.NewWriter(&b).WriteAll(table); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

func way(o operation) string {
	if o.toPlatform {
		return "对方调用平台"
	}
	return "平台调用对方"
}
