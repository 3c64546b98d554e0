package screen

import (
	"strconv"
	"strings"
)

// colour is 0xRRGGBB, or unknown.
type colour int32

const (
	black   colour = 0
	white   colour = 0xFFFFFF
	unknown colour = -1
)

// near says whether no eye tells two colours apart.
func near(a, b colour) bool {
	for shift := 0; shift <= 16; shift += 8 {
		d := int(a>>shift&0xFF) - int(b>>shift&0xFF)
		if d > 6 || d < -6 {
			return false
		}
	}
	return true
}

// paper reads a background: a colour, or something that cannot be known.
func paper(value string) colour {
	if strings.IndexByte(value, '(') >= 0 && !foldPrefix(value, "rgb") {
		return unknown
	}
	if c, ok := parseColour(value); ok && c != unknown {
		return c
	}
	for v := range strings.FieldsSeq(value) {
		if c, ok := parseColour(v); ok && c != unknown {
			return c
		}
	}
	return unknown
}

// parseColour reads a colour as mail writes it: #rgb, #rrggbb, rrggbb, rgb(),
// and the few names that are used to hide.
func parseColour(s string) (colour, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return unknown, false
	}
	if s[0] == '#' {
		s = s[1:]
	} else if len(s) != 6 {
		return namedColour(s)
	}
	v, err := strconv.ParseUint(s, 16, 32)
	switch {
	case err != nil:
		return namedColour(s)
	case len(s) == 6:
		return colour(v), true
	case len(s) == 3:
		r, g, b := v>>8, v>>4&0xF, v&0xF
		return colour(r*17<<16 | g*17<<8 | b*17), true
	}
	return unknown, false
}

func namedColour(s string) (colour, bool) {
	if foldPrefix(s, "rgb") {
		open, end := strings.IndexByte(s, '('), strings.IndexByte(s, ')')
		if open < 0 || end < open {
			return unknown, false
		}
		parts := strings.FieldsFunc(s[open+1:end], func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
		if len(parts) < 3 {
			return unknown, false
		}
		var c colour
		for _, p := range parts[:3] {
			v, err := strconv.Atoi(p)
			if err != nil || v < 0 || v > 255 {
				return unknown, true
			}
			c = c<<8 | colour(v)
		}
		return c, true
	}
	switch strings.ToLower(s) {
	case "white":
		return white, true
	case "black":
		return black, true
	case "red":
		return 0xFF0000, true
	case "blue":
		return 0x0000FF, true
	case "yellow":
		return 0xFFFF00, true
	case "green":
		return 0x008000, true
	case "gray", "grey":
		return 0x808080, true
	case "silver":
		return 0xC0C0C0, true
	case "whitesmoke":
		return 0xF5F5F5, true
	case "snow":
		return 0xFFFAFA, true
	case "ivory":
		return 0xFFFFF0, true
	}
	return unknown, true
}
