package config

import (
	"fmt"
	"strings"
)

// Variable is what one variable has been set to.
type Variable struct {
	Name string
	// Value is for an operator's eyes: empty if the variable is not set, and of a
	// secret only how long it is, such as "64 bytes".
	Value string
	// File tells that the value comes from CONFIG_FILE or from the file of a
	// secret.
	File bool
}

// Describe returns the variables that [FromEnv] reads, in the order of the
// package's documentation, with their values and without any secret. It judges
// nothing: FromEnv does.
func Describe(getenv func(string) string) []Variable {
	e := withFiles(getenv, secretVariables...)
	var list []Variable
	for _, name := range append(variables(), "CONFIG_FILE") {
		v := Variable{Name: name, File: getenv(name) == "" && e.getenv(name) != ""}
		switch text := e.getenv(name); {
		case text == "":
		case name == "SIGNING_SECRET", name == "REFRESH_SECRET", name == "REDIS_URL":
			v.Value = lengths(e.secrets(name))
		case strings.HasSuffix(name, "_FILE"):
			v.Value = quoteFile(text)
		default:
			v.Value = quote(text)
		}
		list = append(list, v)
	}
	return list
}

// lengths says how long secrets are.
func lengths(secrets []string) string {
	var list []string
	for _, s := range secrets {
		list = append(list, fmt.Sprintf("%d bytes", len(s)))
	}
	return strings.Join(list, ", ")
}
