package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/failover-krm/failover/pkg/drill"
)

// undoFile is the name of a file that keeps what restores active after a drill.
type undoFile string

// Keep writes the file, which must not be there yet, so that it is on the disk.
func (f undoFile) Keep(undo drill.Undo) error {
	content, err := json.MarshalIndent(undo, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(string(f), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there: an earlier drill was not finished; restore what it left by 'failover drill --restore %s', or remove the file", f, f)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(append(content, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(string(f)))
	}
	return nil
}

// Forget removes the file.
func (f undoFile) Forget() error { return os.Remove(string(f)) }

// read reads what a drill has kept.
func (f undoFile) read() (drill.Undo, error) {
	content, err := os.ReadFile(string(f))
	if err != nil {
		return drill.Undo{}, err
	}
	var undo drill.Undo
	if err := json.Unmarshal(content, &undo); err != nil || len(undo.Restore) == 0 {
		return drill.Undo{}, fmt.Errorf("%s is not a file that a drill has written: give the failover-drill-*.json that it named", f)
	}
	return undo, nil
}
