// Package shop is one small shop, written for each face: pages for browsers without
// scripts, a login by a form and by a provider of OAuth, and an API with its own
// format of errors. It shows that an application answers for itself everywhere and
// needs no [http.ResponseWriter] of its own for it.
//
//	GET  /                   a page for everybody, by Optional
//	GET  /orders             a page behind Require, which sends strangers to /login
//	GET  /login              the form, which goes on to Next
//	POST /login              Issue
//	POST /logout             End
//	GET  /oauth/start        to the provider, with a state
//	GET  /oauth/callback     Issue, and by POST, with FromOrigin
//	GET  /api/orders         Require
//	POST /api/orders         Require and RequireScope
//	DELETE /api/orders       Require and RequireRole
//	POST /api/session        Renew
//
// The same table of steps runs against each. The faces differ in what is theirs: how
// a route is mounted, how a page is written, and where the application's own format
// of errors has its place.
package shop
