package schema

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/failover-krm/failover/pkg/document"
)

// Findings is how far a value has the form that a schema asks for.
type Findings struct {
	// Errs are all faults.
	Errs field.ErrorList
	// Broken are the paths at which nothing more can be said: a value of the wrong
	// type or out of range, an unknown field, and the field it was meant to be.
	Broken []*field.Path
	// Missing are the paths of required fields that are not there.
	Missing []*field.Path
}

// Advice is what the owner of a schema knows about what it refuses. Each may return
// nothing, and each function may be nil.
type Advice struct {
	// UnknownField says what to do about a field that the schema does not have.
	UnknownField func(path *field.Path) string
	// UnknownValue says what to do about a value that is not in the enum.
	UnknownValue func(path *field.Path, value string) string
	// OutOfRange says what to do about a number that is too low or too high.
	OutOfRange func(path *field.Path, value float64) string
}

// Check validates a value, as document.Value returns it: maps, lists, strings,
// int64, float64 and bool.
func Check(node *Node, value any, advice Advice) Findings {
	c := &checker{root: node, advice: advice}
	c.check(node, value, document.NewPath())
	return c.Findings
}

// commonKeys is how many keys most maps have at most: the list of them is not allocated.
const commonKeys = 16

// checker goes through a value. A path that it hands on lies in the memory of the one before:
// it holds until the next field or item.
type checker struct {
	Findings
	root   *Node
	advice Advice
	// searched counts the unknown fields that were looked for elsewhere.
	searched int
}

func (c *checker) check(node *Node, value any, path document.Path) {
	if node.Type == Any || value == nil && node.Nullable {
		return
	}
	switch given := value.(type) {
	case map[string]any:
		if c.isType(path, node, value, Object) {
			c.checkLength(node, len(given), path)
			c.checkObject(node, given, path)
		}
	case []any:
		if !c.isType(path, node, value, Array) || !c.checkLength(node, len(given), path) {
			return
		}
		for i, item := range given {
			c.check(node.Items, item, append(path, document.Step{Name: strconv.Itoa(i), InBrackets: true}))
		}
		c.checkUnique(node, given, path)
	case string:
		if c.isType(path, node, value, String, IntOrString) {
			c.checkString(node, given, path)
		}
	case int64:
		if c.isType(path, node, value, Integer, Number, IntOrString) && c.checkEnum(node, strconv.FormatInt(given, 10), path) {
			c.checkRange(node, float64(given), given, path)
		}
	case float64:
		c.checkFloat(node, given, path)
	case bool:
		c.isType(path, node, value, Boolean)
	default:
		c.isType(path, node, value)
	}
}

func (c *checker) checkFloat(node *Node, value float64, path document.Path) {
	if node.isQuantity() { // such as 0.5
		c.checkString(node, plain(value), path)
		return
	}
	types := []Type{Number}
	if value == float64(int64(value)) {
		types = []Type{Integer, Number}
	}
	if c.isType(path, node, value, types...) {
		c.checkRange(node, value, value, path)
	}
}

// isType reports a value that is of none of the types that the schema has room
// for.
func (c *checker) isType(path document.Path, node *Node, value any, types ...Type) bool {
	if slices.Contains(types, node.Type) {
		return true
	}
	c.breakAt(path, field.TypeInvalid(path.FieldPath(), shown(value), "must be "+node.wanted()+c.advise(node, value)))
	return false
}

// advise says how a value of the wrong type becomes one of the right type, where
// that is easily said.
func (c *checker) advise(node *Node, value any) string {
	text, isText := value.(string)
	switch number, err := strconv.ParseInt(text, 10, 64); {
	case isText && (node.Type == Integer || node.Type == Number) && err == nil:
		return fmt.Sprintf(": write %d, without quotes", number)
	case isText && node.Type == Boolean && (text == "true" || text == "false"):
		return ": remove the quotes"
	case node.Type != String && node.Type != IntOrString:
		return ""
	}
	switch value.(type) {
	case int64, float64, bool:
		quoted := &checker{}
		if quoted.checkString(node, fmt.Sprint(value), nil); len(quoted.Errs) == 0 {
			return ": put it in quotes"
		}
	}
	return ""
}

func (c *checker) breakAt(path document.Path, err *field.Error) {
	c.Broken = append(c.Broken, path.FieldPath())
	c.Errs = append(c.Errs, err)
}

// shown is what a message has of a value: no list and no map.
func shown(value any) any {
	switch value.(type) {
	case string, int64, float64, bool, nil:
		return value
	default:
		return field.OmitValueType{}
	}
}

func (c *checker) checkObject(node *Node, object map[string]any, path document.Path) {
	for _, name := range node.Required {
		if _, given := object[name]; !given {
			missing := path.FieldPath().Child(name)
			c.Missing = append(c.Missing, missing)
			c.Errs = append(c.Errs, field.Required(missing, "must be given"))
		}
	}
	known := 0
	for _, f := range node.Fields {
		if value, given := object[f.Name]; given {
			known++
			c.check(f.Node, value, append(path, document.Step{Name: f.Name}))
		}
	}
	if known < len(object) {
		c.checkOthers(node, object, path)
	}
	if address, isText := object["value"].(string); node.IPAddress && isText && object["type"] == "IPAddress" {
		if _, err := netip.ParseAddr(address); err != nil {
			c.Errs = append(c.Errs, field.Invalid(path.FieldPath().Child("value"), address, "must be an IP address, as type says"))
		}
	}
}

// checkOthers checks the fields that the schema has no name for.
func (c *checker) checkOthers(node *Node, object map[string]any, path document.Path) {
	names := make([]string, 0, commonKeys)
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case node.Field(name) != nil:
		case node.Values != nil:
			c.check(node.Values, object[name], append(path, document.Step{Name: name, InBrackets: true}))
		default:
			c.addUnknown(node, name, path.FieldPath())
		}
	}
}

// checkUnique finds items that a list has twice.
func (c *checker) checkUnique(node *Node, items []any, path document.Path) {
	if !node.Unique || len(items) < 2 {
		return
	}
	seen := make(map[string]bool, len(items))
	for i, item := range items {
		key := node.key(item)
		text, err := json.Marshal(key) // sorts the fields
		if err != nil {
			continue // no value of a document
		}
		if seen[string(text)] {
			c.Errs = append(c.Errs, field.Duplicate(path.FieldPath().Index(i), key))
		}
		seen[string(text)] = true
	}
}

// key returns what tells an item of a list of unique ones from the others.
func (n *Node) key(item any) any {
	fields, isObject := item.(map[string]any)
	if !isObject || len(n.UniqueBy) == 0 {
		return item
	}
	key := map[string]any{}
	for _, name := range n.UniqueBy {
		if value, given := fields[name]; given {
			key[name] = value
		}
	}
	return key
}

func (c *checker) addUnknown(node *Node, name string, parent *field.Path) {
	path := document.Child(parent, name)
	var detail string
	if c.advice.UnknownField != nil {
		detail = c.advice.UnknownField(path)
	}
	if meant := document.Suggest(name, node.FieldNames()); detail == "" && meant != "" {
		detail = fmt.Sprintf("unknown field, did you mean %q?", meant)
		c.Broken = append(c.Broken, parent.Child(meant))
	}
	if elsewhere := c.elsewhere(node, name, parent); detail == "" && elsewhere != "" {
		detail = fmt.Sprintf("unknown field here, did you mean %s?", elsewhere)
	}
	c.Broken = append(c.Broken, path)
	c.Errs = append(c.Errs, field.Forbidden(path, cmp.Or(detail, "unknown field; known are "+strings.Join(node.FieldNames(), ", "))))
}

// maxSearched is how many unknown fields are looked for at other levels.
const maxSearched = 20

// elsewhere returns the path of a field of the name that is nearest: below the map
// that has no such field, or, for one at the top or in spec, anywhere.
func (c *checker) elsewhere(node *Node, name string, parent *field.Path) string {
	if c.searched++; c.searched > maxSearched {
		return ""
	}
	if below := node.find(name); below != nil {
		return parent.Child(below[0], below[1:]...).String()
	}
	if len(document.ParsePath(parent.String())) > 1 {
		return ""
	}
	return strings.Join(c.root.find(name), ".")
}

func (c *checker) checkString(node *Node, value string, path document.Path) {
	length := utf8.RuneCountInString(value)
	switch {
	case !c.checkEnum(node, value, path):
	case length == 0 && node.MinLength != nil && *node.MinLength > 0:
		c.Errs = append(c.Errs, field.Required(path.FieldPath(), "must not be empty"))
	default:
		c.checkPatterns(node, value, path)
		c.checkFormat(node, value, path)
		c.checkLength(node, length, path)
	}
}

func (c *checker) checkFormat(node *Node, value string, path document.Path) {
	switch node.Format {
	case Byte:
		if _, err := base64.StdEncoding.DecodeString(value); err != nil {
			c.Errs = append(c.Errs, field.Invalid(path.FieldPath(), value, "must be base64"))
		}
	case Duration:
		if _, err := time.ParseDuration(value); err != nil {
			c.Errs = append(c.Errs, field.Invalid(path.FieldPath(), value, durationWords))
		}
	case DateTime:
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			c.breakAt(path, field.Invalid(path.FieldPath(), value, `must be a time such as "2006-01-02T15:04:05Z"`))
		}
	case Quantity:
		if _, err := resource.ParseQuantity(strings.TrimSpace(value)); err != nil { // as it decodes itself
			c.breakAt(path, field.Invalid(path.FieldPath(), value, quantityWords))
		}
	}
}

func (c *checker) checkEnum(node *Node, value string, path document.Path) bool {
	if len(node.Enum) == 0 || slices.Contains(node.Enum, value) {
		return true
	}
	if c.advice.UnknownValue != nil {
		if detail := c.advice.UnknownValue(path.FieldPath(), value); detail != "" {
			c.Errs = append(c.Errs, field.Invalid(path.FieldPath(), value, detail))
			return false
		}
	}
	c.Errs = append(c.Errs, field.NotSupported(path.FieldPath(), value, node.Enum))
	return false
}

func (c *checker) checkPatterns(node *Node, value string, path document.Path) {
	for _, pattern := range node.Patterns {
		if !pattern.Matches(value) {
			c.Errs = append(c.Errs, field.Invalid(path.FieldPath(), value, cmp.Or(patternWords[pattern.Text], "must match "+pattern.Text)))
		}
	}
}

const durationWords = `must be a duration such as "500ms", "2s" or "1m30s"`

const quantityWords = `must be a quantity such as "500m", "2" or "128Mi"`

const dnsNameWords = `must be a DNS name such as "shop" or "shop.example.com", in lower case`

// patternWords says in words what the patterns of well-known types ask for.
var patternWords = map[string]string{
	durationPattern:     durationWords,
	dnsNamePattern:      dnsNameWords,
	wildcardNamePattern: dnsNameWords + `, which may begin with "*."`,
	quantityPattern:     quantityWords,
}

// checkLength tells whether a string, a list or a map is not too long.
func (c *checker) checkLength(node *Node, length int, path document.Path) bool {
	if node.MinLength != nil && length < *node.MinLength {
		c.Errs = append(c.Errs, field.Invalid(path.FieldPath(), length, fmt.Sprintf("must have at least %d %s", *node.MinLength, node.unit())))
	}
	if node.MaxLength == nil || length <= *node.MaxLength {
		return true
	}
	err := field.TooMany(path.FieldPath(), length, *node.MaxLength)
	if node.Type == String {
		err = field.TooLong(path.FieldPath(), nil, *node.MaxLength)
	}
	err.Detail = fmt.Sprintf("must have at most %d %s", *node.MaxLength, node.unit())
	c.Errs = append(c.Errs, err)
	return false
}

// unit is what the length of a value counts.
func (n *Node) unit() string {
	switch n.Type {
	case Object:
		return "fields"
	case Array:
		return "items"
	default:
		return "characters"
	}
}

func (c *checker) checkRange(node *Node, value float64, given any, path document.Path) {
	low, high := node.Minimum, node.Maximum
	if node.Format == Int32 && high != nil && *high > math.MaxInt32 {
		// An API server takes no value at all then; so it is in Envoy Gateway 1.8.0.
		c.breakAt(path, field.Invalid(path.FieldPath(), given, fmt.Sprintf(
			"no value is accepted here: the maximum in the CRD, %s, does not fit its format, int32; leave the field out, or use an Envoy Gateway with another CRD", plain(*high))))
		return
	}
	if node.Format == Int32 && value > math.MaxInt32 {
		high = cmp.Or(high, new(float64(math.MaxInt32)))
	}
	if node.Format == Int32 && value < math.MinInt32 {
		low = cmp.Or(low, new(float64(math.MinInt32)))
	}
	isTooHigh := high != nil && (value > *high || value == *high && node.ExclusiveMaximum)
	if isTooHigh || low != nil && value < *low {
		detail := rangeWords(low, high, node.ExclusiveMaximum)
		if c.advice.OutOfRange != nil {
			if advice := c.advice.OutOfRange(path.FieldPath(), value); advice != "" {
				detail += ": " + advice
			}
		}
		c.breakAt(path, field.Invalid(path.FieldPath(), given, detail))
	}
}

// rangeWords says what a number must be.
func rangeWords(low, high *float64, isExclusive bool) string {
	switch {
	case low != nil && high != nil && isExclusive:
		return fmt.Sprintf("must be at least %s and below %s", plain(*low), plain(*high))
	case isExclusive:
		return "must be below " + plain(*high)
	case low != nil && high != nil:
		return fmt.Sprintf("must be between %s and %s, inclusive", plain(*low), plain(*high))
	case low != nil:
		return "must be at least " + plain(*low)
	default:
		return "must be at most " + plain(*high)
	}
}

// plain writes a number without an exponent.
func plain(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }
