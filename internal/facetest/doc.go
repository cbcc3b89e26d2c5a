// Package facetest is the HTTP table that every face must pass: [Run]. Each
// row is a request to a whole server, over a socket, and the exact answer:
// status, every header, every byte of the body. So the adapters, which both
// answer as the table says, answer alike.
//
// An adapter's test provides a [NewHandler], which mounts the routes that
// [Layout] lists; a [Quirk] says what the framework cannot do as the table says. What the application itself does in these routes is here,
// so that only the framework differs: [ReadLogin], [WriteClaims] and [Fault].
//
// [RunAccounts] and [RunShop] play whole applications, and the Check functions
// look at one matter each, such as [CheckNoStore] at what a handler can do to an
// answer with new cookies, and [CheckErrorHandler] at an application that answers
// refusals by itself. [Markdown] is the table
// as docs/wire.md has it.
//
// Tests of whole stories start a [Server], with a clock to move, a store that
// fails on demand and the events it sent, and talk to it as a [Client] or a
// [Browser].
package facetest
