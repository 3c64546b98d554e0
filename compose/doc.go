// Package compose is the merge engine: a template's content and one person's
// values become subject, text and HTML.
//
// Floor 2', a craft. Pure functions: no I/O, no clock, no chance, no functions
// callable from a template. A letter names no file and includes nothing.
//
// # Syntax
//
//	{{field}}                        the value; a fault when it may be absent
//	{{field|fallback}}               the value, or the words given
//	{{#if field}}…{{else}}…{{/if}}   a section for when the value is there
//	{{#field}}…{{/field}}            the same without else
//	{{^field}}…{{/field}}            a section for when it is not
//
// # What it must never do
//
// It must never build a half-merged letter: an unknown field is a fault at
// compile time, a missing value an error at render time. It must never let a
// value become structure: a field may stand only where its context is known
// (HTML text, a quoted attribute, behind the host of a link), is escaped for
// that context, and is refused everywhere else (script, style, event handlers,
// comments, names of tags and attributes, the scheme or host of a link). It
// must never let a value bring a link: no type of field admits one. It must
// never put a value into an error.
//
// html/template cannot do this for mail: it strips comments, and Outlook's
// conditional comments carry half of a real template's layout. Here every
// literal byte of the template comes out unchanged.
package compose
