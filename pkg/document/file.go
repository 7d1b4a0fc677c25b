package document

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/bmatcuk/doublestar/v4"
)

// FilePattern names files by a path, such as charts/shop, or by a glob: * and ? stand
// for characters of one name, ** for any directories, [a-z] for one of a range and
// {a,b} for either. The pattern of a directory names all files below it. It is the whole
// path that counts: **/testdata is any directory of that name, testdata is the one at
// the top.
type FilePattern string

// Validate says what is wrong with a pattern.
func (p FilePattern) Validate() error {
	switch {
	case p == "":
		return fmt.Errorf("is empty: write the path of a file or a directory, or a glob such as **/testdata")
	case !doublestar.ValidatePattern(p.slashed()):
		return fmt.Errorf("is not a glob: a bracket or brace is not closed, or there is nothing in it")
	default:
		return nil
	}
}

// Matches tells whether a pattern names a file, or a directory above it.
func (p FilePattern) Matches(file string) bool {
	for at := path.Clean(filepath.ToSlash(file)); ; at = path.Dir(at) {
		if matched, err := doublestar.Match(p.slashed(), at); err == nil && matched {
			return true
		}
		if path.Dir(at) == at || path.Dir(at) == "." {
			return false
		}
	}
}

// slashed returns the pattern as one without needless parts, such as ./ at its
// beginning and / at its end.
func (p FilePattern) slashed() string { return path.Clean(filepath.ToSlash(string(p))) }
