// Command cordon runs the house and works it from a terminal.
//
// Floor 6. Every verb but those that run a house (serve, demo, drill, bench) is
// a REST client: of a server, of the running house through the socket in its
// data folder, or of a house opened for the one call. It must never take a
// secret as an argument, where other users of the machine could read it; never
// write anything but the answer to standard output; and never end with status 0
// when what it says does not hold.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], &shell{in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv}))
}
