# make test   everything the tests need, then every test (-race -shuffle=on)
# make check  the same, after gofmt, vet and staticcheck, and a short fuzzing of
#             every parser that strangers feed
# make fuzz   every fuzz target for FUZZTIME each (default 30s)

export CGO_ENABLED = 0
FUZZTIME ?= 30s

.PHONY: build test check fmt vet lint compiler fuzz fuzz-fed demo

build:
	go build -trimpath -ldflags='-s -w' -o bin/cordon ./cmd/cordon

demo:
	go run ./cmd/cordon demo

# The race detector needs cgo; nothing that ships does. SQLite is C turned into
# Go, with locks of its own: watched by the detector it tells us nothing and
# takes half the time of all tests, so every package but its engine is watched.
# vet and staticcheck read the same build as the tests, so that everything is
# compiled once. Four packages at a time: much of what tests do is to wait, for
# PostgreSQL, Chromium, a process that was killed.
UNWATCHED = modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory
WATCHED = CGO_ENABLED=1 GOFLAGS='-race $(UNWATCHED:%=-gcflags=%=-race=false)'
# Services know no engine: their tests run on SQLite with all others, and those
# that several nodes share the work of once more on PostgreSQL.
SHARED = ./incident ./notice ./announce ./report ./oncall ./outbox ./ledger ./watch
test:
	scripts/with-services env $(WATCHED) go test -p 4 -shuffle=on -timeout 30m ./...
	scripts/with-services env $(WATCHED) CORDON_TEST_ENGINE=postgres go test -shuffle=on -timeout 10m $(SHARED)

check: fmt vet lint test fuzz-fed

fmt:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi

vet: compiler
	$(WATCHED) go vet ./...

lint: compiler
	go build -C tools -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	$(WATCHED) bin/staticcheck ./...

compiler:
	scripts/with-services --only-compiler

fuzz:
	scripts/fuzz $(FUZZTIME)

# By tries, not by time: Go's fuzzing may call its own deadline a failure.
fuzz-fed:
	scripts/fuzz 1000x . ./inspect ./report ./smtpd ./statuspage ./oncall ./ledger ./message ./screen ./relay ./scan
