package driver

// FieldError is a fault of one field of a configuration, which a constructor
// reports. Its error wraps one for each fault.
type FieldError struct {
	Package string // such as "core"
	Field   string // such as "Config.AccessTTL", "Config.Audience[1]" or "Login.IdleTTL"
	Problem string // what is wrong with it, such as "is 500ms"
	Allowed string // what it must be, such as "1s or more"; may be empty
}

// Error implements error.
func (e *FieldError) Error() string {
	text := e.Package + ": " + e.Field + " " + e.Problem
	if e.Allowed != "" {
		text += ", it must be " + e.Allowed
	}
	return text
}
