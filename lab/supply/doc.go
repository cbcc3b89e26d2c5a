// Package supply checks what the library and its example programs are made of:
// which modules they bring to a user, and under which licenses. It is a module
// of its own because nobody else needs the library that recognises licenses.
package supply
