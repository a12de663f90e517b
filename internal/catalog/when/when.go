// Package when compiles the conditions that stand in the catalog's data: which material is needed, which fee is due, which tax
// rate holds.
//
// In: a sentence such as `SellerMarried and not SellerCompany` over the fields of a struct of facts. Out: a [Condition] that can be
// asked about facts. The language is a small total part of expr-lang: comparison, logic, `in`, plus, minus and times over plain
// fields and literals. It cannot loop, index, call or divide, so that a condition that compiles never fails afterwards.
package when

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// Error says why a condition does not compile: an unknown name, a wrong type, something outside the language.
type Error struct {
	Source string
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("condition %q: %s", e.Source, e.Reason) }

// Condition is a compiled condition over facts of type F, a struct of bool, int, int64, string and []string fields.
// The zero Condition always holds.
type Condition[F any] struct {
	source  string
	program *vm.Program
}

// Compile checks and compiles a condition; an empty one always holds. Error: [*Error].
func Compile[F any](source string) (Condition[F], error) {
	program, err := compile[F](source, reflect.Bool)
	return Condition[F]{strings.TrimSpace(source), program}, err
}

// Holds reports whether the condition is true of the facts.
func (c Condition[F]) Holds(facts F) bool {
	if c.program == nil {
		return true
	}
	v, err := expr.Run(c.program, facts)
	holds, ok := v.(bool)
	return err == nil && ok && holds
}

// String returns the condition as written; "" if it always holds.
func (c Condition[F]) String() string { return c.source }

// Number is a compiled whole number over facts of type F. The zero Number is 1.
type Number[F any] struct {
	source  string
	program *vm.Program
}

// CompileNumber checks and compiles a number, as `Certificates - 10`; an empty one is 1. Error: [*Error].
func CompileNumber[F any](source string) (Number[F], error) {
	program, err := compile[F](source, reflect.Int64)
	return Number[F]{strings.TrimSpace(source), program}, err
}

// Of returns the number for the facts.
func (n Number[F]) Of(facts F) int64 {
	if n.program == nil {
		return 1
	}
	v, err := expr.Run(n.program, facts)
	number, ok := v.(int64)
	if err != nil || !ok {
		return 0
	}
	return number
}

func compile[F any](source string, want reflect.Kind) (*vm.Program, error) {
	source = strings.TrimSpace(source)
	if source == "" {
		return nil, nil
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, explain(source, err)
	}
	var allowed total
	ast.Walk(&tree.Node, &allowed)
	if allowed.refused != nil {
		return nil, &Error{source, allowed.refused.Error()}
	}
	var env F
	result := expr.AsBool()
	if want == reflect.Int64 {
		result = expr.AsInt64()
	}
	program, err := expr.Compile(source, expr.Env(env), result, expr.DisableAllBuiltins())
	if err != nil {
		return nil, explain(source, err)
	}
	return program, nil
}

func explain(source string, err error) error {
	var at *file.Error
	if errors.As(err, &at) {
		return &Error{source, at.Message}
	}
	return &Error{source, err.Error()}
}

// total visits a tree and refuses every node that could fail or run long when evaluated.
type total struct{ refused error }

func (t *total) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode, *ast.BoolNode, *ast.IntegerNode, *ast.StringNode, *ast.ArrayNode:
		return
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" || n.Operator == "-" {
			return
		}
		t.refused = fmt.Errorf("operator %s is not part of the language", n.Operator)
	case *ast.BinaryNode:
		switch n.Operator {
		case "==", "!=", "<", "<=", ">", ">=", "and", "&&", "or", "||", "in", "not in", "+", "-", "*":
			return
		}
		t.refused = fmt.Errorf("operator %s is not part of the language", n.Operator)
	default:
		t.refused = fmt.Errorf("%s is not part of the language", strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast."))
	}
}
