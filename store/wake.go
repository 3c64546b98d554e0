package store

import "sync"

// bell rouses those who wait on a topic. A wake-up carries nothing and may be
// lost with a crash: whoever waits looks for himself, and polls besides.
type bell struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
}

// Changed answers a channel that gets a value after a change under the topic
// ("queue", "stops") and a function that ends it. Several changes may come as
// one value. Always back it with a poll.
func (s *Store) Changed(topic string) (<-chan struct{}, func()) {
	return s.bell.listen(topic)
}

func (b *bell) listen(topic string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]map[chan struct{}]bool{}
	}
	if b.waiting[topic] == nil {
		b.waiting[topic] = map[chan struct{}]bool{}
	}
	b.waiting[topic][ch] = true
	return ch, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waiting[topic], ch)
	}
}

// ring rouses everybody on the topic, or on all topics when it is "".
func (b *bell) ring(topic string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, chans := range b.waiting {
		if topic != "" && topic != name {
			continue
		}
		for ch := range chans {
			select {
			case ch <- struct{}{}:
			default: // already roused
			}
		}
	}
}
