// Package supply checks what the library and its example programs are made of:
// which modules they bring to a user, and under which licenses.
package supply
