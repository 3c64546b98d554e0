// Package watch reads what comes back about mail and acts on it: it lets staged
// sends go on while nothing speaks against them, holds them when something does,
// places short automatic stops, and raises signals for people.
//
// # Who may stop whom
//
// Evidence that anybody can make up must not be able to stop anybody. So the
// rules (rules.go) tell three sorts apart:
//
//   - Proof: complaints and "this was not you" that came by a channel which
//     vouches for them and name a copy that was delivered, each recipient once;
//     and planted recipients. Only proof places a stop that ends a send, at the
//     thresholds of the column "stop".
//   - Answers: bounces, rejections by policy, failed tries. They are the relay's
//     own replies to copies that this house sent, so an outsider cannot write
//     them; but a far side may be mistaken, or out of order, so they prove no
//     guilt. They hold: the next stage of a staged send waits for a person; what
//     has no stages (single mail) is kept back by a stop that ends by itself. At
//     the thresholds of the column "stop" they do the same and raise an incident,
//     so that a person is called instead of asked.
//   - Reports: complaints that nobody vouches for. They ask a person to look, and
//     do nothing else, however many there are.
//
// A stop by rule on a template or key ends after rule_stop_for, because a rule
// may be wrong about somebody's only way to write; what failed tries cause ends
// after an hour, because a fault of the far side mostly does. A stop on a
// dispatch does not end by itself: nothing else waits behind it, and nobody wants
// a wrong letter to go on at night. A fault of the connection to the relay
// is no evidence at all: it says nothing about a send, and nothing leaves anyway.
//
// What a rule has raised, it has raised: from then on it counts anew, so that a
// person who lets a send go on is not overruled by the evidence he has seen. The
// store keeps when, for all nodes and over restarts.
//
// Watch is a service: it knows words, never another service, the store or an edge.
package watch
