package httpauth

// ReadJSON is what reads the bodies of handlers about users.
var ReadJSON = readJSON
