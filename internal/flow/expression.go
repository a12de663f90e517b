package flow

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
)

// expression is compiled against the data that its place in the definition can see.
type expression struct {
	source  string
	program *vm.Program
}

// impure are the built-in functions that would make a step depend on something beside its input.
var impure = []string{"now"}

// compile checks the source against the names and their types. want is the kind it must give; reflect.Interface is any.
func compile(source string, names map[string]DataType, want reflect.Kind) (*expression, error) {
	source = strings.TrimSpace(source)
	if source == "" {
		return nil, errors.New("表达式是空的")
	}
	env := make(types.Map, len(names))
	for name, t := range names {
		env[name] = t.exprType()
	}
	opts := []expr.Option{expr.Env(env), expr.MaxNodes(1000)}
	for _, name := range impure {
		opts = append(opts, expr.DisableBuiltin(name))
	}
	if want == reflect.Int64 {
		opts = append(opts, expr.AsInt64())
	} else if want != reflect.Interface {
		opts = append(opts, expr.AsKind(want))
	}
	program, err := expr.Compile(source, opts...)
	if err != nil {
		var at *file.Error
		if errors.As(err, &at) {
			return nil, fmt.Errorf("表达式“%s”：%s", source, at.Message)
		}
		return nil, fmt.Errorf("表达式“%s”：%w", source, err)
	}
	return &expression{source: source, program: program}, nil
}

// eval runs the expression. A failure (a field of something absent) names the element it stands on.
func (x *expression) eval(element string, env Vars) (any, error) {
	v, err := expr.Run(x.program, map[string]any(env))
	if err != nil {
		return nil, &ExpressionError{Element: element, Source: x.source, Err: err}
	}
	return v, nil
}

// test runs a condition.
func (x *expression) test(element string, env Vars) (bool, error) {
	v, err := x.eval(element, env)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, &ExpressionError{Element: element, Source: x.source, Err: fmt.Errorf("gives %T, not a bool", v)}
	}
	return b, nil
}
