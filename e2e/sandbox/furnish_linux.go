package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Directory is where everything that is made inside the sandbox belongs. It
// exists there only.
const Directory = "/run/failover-e2e"

// stage is where the new root is put together. It needs a directory that every
// machine has and whose content the new root does not take over.
const stage = "/proc"

// furnish gives the sandbox a root of its own: the machine's directories, but
// /etc as a copy, /run and /dev/shm empty, and the root itself in memory, so
// that directories which programs insist on (/certs, /sds) can be made in it.
func furnish() error {
	workingDirectory, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := buildRoot(); err != nil {
		return err
	}
	if err := switchRoot(); err != nil {
		return err
	}
	if err := os.Chdir(workingDirectory); err != nil {
		return err
	}
	temporary := filepath.Join(Directory, "tmp")
	if err := os.MkdirAll(temporary, 0o700); err != nil {
		return err
	}
	return os.Setenv("TMPDIR", temporary)
}

func buildRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	if err := mountMemory(stage); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := takeOver(entry); err != nil {
			return fmt.Errorf("take over /%s: %w", entry.Name(), err)
		}
	}
	if err := unix.Mount("proc", filepath.Join(stage, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return errors.Join(mountMemory(filepath.Join(stage, "run")), mountMemory(filepath.Join(stage, "dev/shm")))
}

func takeOver(entry os.DirEntry) error {
	source, target := filepath.Join("/", entry.Name()), filepath.Join(stage, entry.Name())
	switch {
	case entry.Name() == "etc":
		return exec.Command("cp", "--archive", source, target).Run()
	case entry.Name() == "proc", entry.Name() == "run":
		return os.Mkdir(target, 0o755)
	case entry.Type() == os.ModeSymlink:
		destination, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return os.Symlink(destination, target)
	case entry.IsDir():
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		return unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
	}
	return nil
}

func switchRoot() error {
	if err := os.Chdir(stage); err != nil {
		return err
	}
	// The old root is stacked on the new one and taken off again, so that no
	// directory is needed for it.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("switch to the new root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the old root: %w", err)
	}
	return os.Chdir("/")
}

func mountMemory(directory string) error {
	if err := unix.Mount("tmpfs", directory, "tmpfs", 0, "mode=0755"); err != nil {
		return fmt.Errorf("mount memory on %s: %w", directory, err)
	}
	return nil
}

// Hide puts an empty directory, in memory, in front of one of the machine's, for
// programs that write there in spite of their configuration.
func Hide(directory string) error {
	if !Inside() {
		return errors.New("only the sandbox's own directories can be hidden")
	}
	return mountMemory(directory)
}
