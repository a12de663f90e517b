package folder

import (
	"container/heap"
	"slices"
	"strings"
)

// first keeps the first names of many, so that a folder of any size is listed in the memory of a few.
type first struct {
	max  int
	more bool
	kept names
}

// names is a heap with the last name on top.
type names []string

func (n names) Len() int           { return len(n) }
func (n names) Less(i, j int) bool { return n[i] > n[j] }
func (n names) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *names) Push(x any)        { *n = append(*n, x.(string)) }
func (n *names) Pop() any {
	last := (*n)[len(*n)-1]
	*n = (*n)[:len(*n)-1]
	return last
}

func (f *first) add(name string) {
	switch {
	case len(f.kept) < f.max:
		heap.Push(&f.kept, name)
		return
	case f.max > 0 && name < f.kept[0]:
		f.kept[0] = name
		heap.Fix(&f.kept, 0)
	}
	f.more = true
}

// sorted gives the kept names in order.
func (f *first) sorted() []string {
	slices.SortFunc(f.kept, strings.Compare)
	return f.kept
}
