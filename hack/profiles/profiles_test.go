package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPageIsFresh: the page shows the profiles that there are, and what the simulation
// makes of them in the outage of the drills, and it has a row for each value that is
// searched. The other figures take minutes.
func TestPageIsFresh(t *testing.T) {
	text, err := os.ReadFile("../../" + page)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), begin)
	require.True(t, found)
	figures, _, found := strings.Cut(rest, end)
	require.True(t, found)

	const remedy = "a profile or the simulation has changed: go run ./hack/profiles"
	assert.Contains(t, figures, "\n"+drillTable()+"\n", remedy)
	var rows []string
	for _, p := range profiles() {
		for _, v := range p.singles() {
			rows = append(rows, strings.Join(v.names(), " | "))
		}
	}
	var written []string
	for line := range strings.Lines(figures) {
		for _, table := range []string{"`passive.", "`timeout.", "`retry.", "`active."} {
			cells := strings.Split(line, " | ")
			if strings.HasPrefix(line, "| "+table) && len(cells) > 10 && !strings.Contains(cells[0], ",") {
				written = append(written, strings.TrimPrefix(cells[0], "| ")+" | "+cells[1])
			}
		}
	}
	assert.Equal(t, rows, written, remedy)
}

// TestVariants: each has the values that it names, and is the profile in everything else.
func TestVariants(t *testing.T) {
	for _, p := range profiles() {
		before := fmt.Sprintf("%+v", p.settings)
		for _, v := range append(p.singles(), p.pairs()...) {
			for _, f := range fields {
				want := f.current(p.settings)
				for _, c := range v.changes {
					if c.field == f.name {
						assert.NotEqual(t, want, c.value, "%v", v.changes)
						want = c.value
					}
				}
				assert.Equal(t, want, f.current(v.settings), "%s of %v", f.name, v.changes)
			}
		}
		assert.Equal(t, before, fmt.Sprintf("%+v", p.settings))
	}
}

// TestSearchIsRepeatable: with several variants at once, the same figures come out.
func TestSearchIsRepeatable(t *testing.T) {
	p := profiles()[1]
	variants := append([]variant{{settings: p.settings}}, p.singles()[:3]...)
	search := func() string {
		all := search(variants, quickSituations()[:2])
		return searchTable(all[0], all[1:])
	}
	first := search()
	assert.Equal(t, first, search())
}

// TestOneHost: it leaves the situations that it is given as they are.
func TestOneHost(t *testing.T) {
	all := situations()
	assert.Len(t, oneHost(all), len(all)/len(hosts))
	assert.Equal(t, situations(), all)
}

func TestCompare(t *testing.T) {
	lost := func(lost int) outcome { return outcome{lost: lost, situation: situation{runs: 1}} }
	assert.Equal(t, comparison{better: 2, worse: 2}, compare(
		[]outcome{lost(0), lost(0), lost(3), lost(3), lost(100), lost(100)},
		[]outcome{lost(0), lost(1), lost(2), lost(4), lost(109), lost(90)},
		meanLost, lostDiffers,
	))
}

func TestReplaceFigures(t *testing.T) {
	page, err := replaceFigures("a\n"+begin+"old\n"+end+"b\n", "new\n")
	require.NoError(t, err)
	assert.Equal(t, "a\n"+begin+"new\n"+end+"b\n", page)
	for _, bad := range []string{"", begin, end, end + begin} {
		_, err := replaceFigures(bad, "new\n")
		assert.ErrorContains(t, err, "lacks the lines")
	}
}
