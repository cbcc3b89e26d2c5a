// Package driver defines what a store of sessions must do. Applications do not
// need it: they give a MemoryStore or a redisstore.Store to core.Config.Store.
// Those who write a [Store] of their own read the comments of [Store] and
// [Outcome], which are the contract, and run package drivertest against it.
package driver
