// Command alike makes screen/data/confusables.bin, the table of characters that
// look like others, out of the Unicode Consortium's confusables.txt.
//
//	go run ./screen/alike path/to/confusables.txt screen/data/confusables.bin
//
// The table: two bytes with the number of records, big endian as all else; one
// record of six bytes for each character, in ascending order: three bytes for
// the character, two for where its prototype begins in the text behind the
// records, one for the prototype's length in bytes of UTF-8.
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: alike confusables.txt confusables.bin")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "alike:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	prototypes := map[rune]string{}
	lines := bufio.NewScanner(source)
	for n := 1; lines.Scan(); n++ {
		if err := record(prototypes, lines.Text()); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	table, err := pack(prototypes)
	if err != nil {
		return err
	}
	return os.WriteFile(to, table, 0o644)
}

// record reads "0430 ;\t0061 ;\tMA\t# …" (UTS 39, 4).
func record(prototypes map[rune]string, line string) error {
	line = strings.TrimPrefix(line, "\ufeff")
	line, _, _ = strings.Cut(line, "#")
	if strings.TrimSpace(line) == "" {
		return nil
	}
	fields := strings.Split(line, ";")
	if len(fields) < 2 {
		return fmt.Errorf("%d fields, want 3", len(fields))
	}
	source, err := characters(fields[0])
	if err != nil {
		return err
	}
	target, err := characters(fields[1])
	if err != nil {
		return err
	}
	if runes := []rune(source); len(runes) == 1 {
		prototypes[runes[0]] = target
		return nil
	}
	return fmt.Errorf("the source is not one character")
}

func characters(s string) (string, error) {
	var b strings.Builder
	for _, code := range strings.Fields(s) {
		v, err := strconv.ParseUint(code, 16, 21)
		if err != nil {
			return "", err
		}
		b.WriteRune(rune(v))
	}
	return b.String(), nil
}

func pack(prototypes map[rune]string) ([]byte, error) {
	sources := make([]rune, 0, len(prototypes))
	for r := range prototypes {
		sources = append(sources, r)
	}
	slices.Sort(sources)
	places := map[string]int{}
	var records, text []byte
	for _, r := range sources {
		target := prototypes[r]
		at, known := places[target]
		if !known {
			at = len(text)
			places[target] = at
			text = append(text, target...)
		}
		if at > 0xFFFF || len(target) > 0xFF || len(sources) > 0xFFFF {
			return nil, fmt.Errorf("the table does not fit its form")
		}
		records = append(records, byte(r>>16), byte(r>>8), byte(r), byte(at>>8), byte(at), byte(len(target)))
	}
	table := binary.BigEndian.AppendUint16(nil, uint16(len(sources)))
	return append(append(table, records...), text...), nil
}
