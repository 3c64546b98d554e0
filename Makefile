# make test   everything the tests need, then every test (-race -shuffle=on)
# make check  the same, after gofmt, vet and staticcheck
# make fuzz   every fuzz target for FUZZTIME each (default 30s)

export CGO_ENABLED = 0
FUZZTIME ?= 30s

.PHONY: build test check fmt vet lint fuzz demo

build:
	go build -trimpath -ldflags='-s -w' -o bin/cordon ./cmd/cordon

demo:
	go run ./cmd/cordon demo

# The race detector needs cgo; nothing that ships does. SQLite is C turned into
# Go, with locks of its own: watched by the detector it tells us nothing and
# takes half the time of all tests, so every package but its engine is watched.
UNWATCHED = modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory
test:
	scripts/with-services env CGO_ENABLED=1 go test -race $(UNWATCHED:%=-gcflags=%=-race=false) -shuffle=on -timeout 20m ./...

check: fmt vet lint test

fmt:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi

vet:
	go vet ./...

lint:
	go build -C tools -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	bin/staticcheck ./...

fuzz:
	scripts/fuzz $(FUZZTIME)
