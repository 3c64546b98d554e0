package screen

import (
	"strings"

	"github.com/cordonmail/cordon/message"
)

func script(v *view) string {
	if v.HTML.Scripts > 0 {
		return "Its HTML holds a script."
	}
	return ""
}

func passwordField(v *view) string {
	if v.HTML.Passwords > 0 {
		return "It asks for a password in the letter itself."
	}
	return ""
}

func form(v *view) string {
	if v.HTML.Forms > 0 || v.HTML.Inputs > 0 {
		return "It holds a form to fill in."
	}
	return ""
}

func eventHandler(v *view) string {
	if v.HTML.EventHandlers > 0 {
		return "Its HTML runs something when it is opened or clicked."
	}
	return ""
}

func frame(v *view) string {
	if v.HTML.Frames > 0 {
		return "It shows another page inside itself."
	}
	return ""
}

func refresh(v *view) string {
	if v.HTML.Refresh > 0 {
		return "It leads to another page by itself."
	}
	return ""
}

func baseAddress(v *view) string {
	if v.HTML.Bases > 0 {
		return "It changes where its own links lead."
	}
	return ""
}

// imageOnly: the message is its picture.
func imageOnly(v *view) string {
	if v.pictures() > 0 && v.letters < 60 {
		return "It says everything in a picture."
	}
	return ""
}

func imageHeavy(v *view) string {
	if n := v.pictures(); n > 0 && v.letters >= 60 && v.letters < 250 {
		return "It is more picture than text."
	}
	return ""
}

// pictures counts what is large enough to say something.
func (v *view) pictures() int {
	n := 0
	for i := range v.Images {
		p := &v.Images[i]
		if (p.Width == 0 || p.Width >= 100) && (p.Height == 0 || p.Height >= 40) {
			n++
		}
	}
	return n
}

// oneBigLink: whatever the reader clicks leads to the same place, and the words
// are few.
func oneBigLink(v *view) string {
	if len(v.hosts) == 1 && v.HasHTML && v.letters < 120 && v.pictures() > 0 && v.hosts[0].Kind == LinkAnchor && !v.approved(v.hosts[0].Host) {
		return "It is one picture that leads to " + shown(v.hosts[0].Host) + "."
	}
	return ""
}

// programAttached finds files that run when they are opened, and names that
// hide it.
func programAttached(v *view) string {
	for i := range v.Attachments {
		name := v.Attachments[i].Name
		if runs(name) || strings.ContainsAny(name, "\u202e\u202d") {
			return "It carries a program."
		}
	}
	return ""
}

func pageAttached(v *view) string {
	for i := range v.Attachments {
		a := &v.Attachments[i]
		name := strings.ToLower(a.Name)
		if a.Type == "text/html" || strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".htm") || strings.HasSuffix(name, ".shtml") || strings.HasSuffix(name, ".svg") {
			return "It carries a web page as a file."
		}
	}
	return ""
}

// broken finds defects that mail of working programs does not have.
func broken(v *view) string {
	for _, d := range v.MIME.Defects {
		switch d {
		case message.DefectBase64, message.DefectNoBoundary, message.DefectNoParts, message.DefectEncoding, message.DefectRepeated, message.DefectNUL, message.DefectDepth, message.DefectParts, message.DefectSize, message.DefectHeaderSize:
			return "It is put together wrongly: " + string(d) + "."
		}
	}
	return ""
}

// tooMuch: something was beyond the bounds and was not read, so nobody can say
// what it holds.
func tooMuch(v *view) string {
	if v.Cut {
		return "It is too long to be read as a whole."
	}
	return ""
}
