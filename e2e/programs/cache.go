package programs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// cached returns the path of name among the things made from the given pins. If
// it isn't there, produce is called to make it at a path of its own, which is then
// renamed: a run that is interrupted leaves nothing that looks finished.
func cached(pins []string, name string, produce func(path string) error) (string, error) {
	directory, err := cacheDirectory(pins)
	if err != nil {
		return "", err
	}
	path := filepath.Join(directory, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	scratch, err := os.MkdirTemp(directory, ".making-"+name+"-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	unfinished := filepath.Join(scratch, name)
	if err := produce(unfinished); err != nil {
		return "", err
	}
	if err := os.Rename(unfinished, path); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return path, nil
}

// cacheDirectory is named after the content of the pins, so that a changed pin
// never finds what an older one made.
func cacheDirectory(pins []string) (string, error) {
	hash := sha256.New()
	for _, pin := range pins {
		content, err := os.ReadFile(pin)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n%s", filepath.Base(pin), len(content), content)
	}
	return inCache(hash.Sum(nil))
}

// inCache is the directory in the user's cache for what a hash stands for.
func inCache(hash []byte) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(cache, "failover-e2e", hex.EncodeToString(hash)[:16]), nil
}
