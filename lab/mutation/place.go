package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
)

// edit makes the change that an entry of one line names in the text of a Go file:
//
//	FUNCTION if N[.M] TEXT
//
// FUNCTION is a function's name, or Type.Method. The N-th if or for of it that
// has a condition, or the M-th operand of that condition's && and || chain,
// becomes TEXT, in which $ stands for what is there. A TEXT of - removes the
// operand and the operator beside it.
func edit(text, change string) (string, error) {
	part := strings.SplitN(change, " ", 4)
	if len(part) != 4 || part[1] != "if" {
		return "", fmt.Errorf("%q is not FUNCTION if N TEXT", change)
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	body := function(file, part[0])
	if body == nil {
		return "", fmt.Errorf("there is no function %s", part[0])
	}
	first, second, inChain := strings.Cut(part[2], ".")
	var all []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			all = append(all, n.Cond)
		case *ast.ForStmt:
			if n.Cond != nil {
				all = append(all, n.Cond)
			}
		}
		return true
	})
	at := func(all []ast.Expr, number string) (int, error) {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > len(all) {
			return 0, fmt.Errorf("%s: there is no condition %s, in %s there are %d", part[0], part[2], part[0], len(all))
		}
		return n - 1, nil
	}
	i, err := at(all, first)
	if err != nil {
		return "", err
	}
	from, to := all[i].Pos(), all[i].End()
	if inChain {
		chain := operands(all[i])
		if i, err = at(chain, second); err != nil {
			return "", err
		}
		from, to = chain[i].Pos(), chain[i].End()
		switch {
		case part[3] != "-":
		case i > 0:
			from = chain[i-1].End()
		case len(chain) > 1:
			to = chain[1].Pos()
		}
	}
	offset := func(p token.Pos) int { return files.PositionFor(p, false).Offset }
	was, became := text[offset(from):offset(to)], part[3]
	if became == "-" {
		if !inChain {
			return "", fmt.Errorf("%s: - is for an operand", part[0])
		}
		became = ""
	}
	return text[:offset(from)] + strings.ReplaceAll(became, "$", was) + text[offset(to):], nil
}

// function returns the body of a function or, by Type.Method, of a method.
func function(file *ast.File, name string) *ast.BlockStmt {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		own := f.Name.Name
		if f.Recv != nil {
			t := f.Recv.List[0].Type
			if p, ok := t.(*ast.StarExpr); ok {
				t = p.X
			}
			if id, ok := t.(*ast.Ident); ok {
				own = id.Name + "." + own
			}
		}
		if own == name {
			return f.Body
		}
	}
	return nil
}

// operands returns the operands of a chain of && and ||, from left to right.
func operands(e ast.Expr) []ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		if b, ok := x.X.(*ast.BinaryExpr); ok && (b.Op == token.LAND || b.Op == token.LOR) {
			return operands(b)
		}
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			return append(operands(x.X), operands(x.Y)...)
		}
	}
	return []ast.Expr{e}
}
