// Package app turns a configuration into a running house: config.go reads it,
// wire.go calls every constructor in order, run.go starts and stops what runs.
//
// Floor 5. It holds no rule of its own; a decision about mail that appears here
// has lost its way.
package app
