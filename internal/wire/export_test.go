package wire

// Printable is printable, which no sentinel of core gives anything to do.
func Printable(s string) string { return printable(s) }
