package document_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/document"
)

func TestFilePattern(t *testing.T) {
	for _, tc := range []struct {
		pattern         document.FilePattern
		matches, others []string
	}{
		{pattern: "shop.yaml", matches: []string{"shop.yaml", "./shop.yaml"}, others: []string{"web/shop.yaml", "myshop.yaml"}},
		{pattern: "./web/", matches: []string{"web/shop.yaml", "web/eu/shop.yaml", "web"}, others: []string{"webs/shop.yaml", "eu/web/shop.yaml"}},
		{pattern: "web/*.yaml", matches: []string{"web/shop.yaml"}, others: []string{"web/eu/shop.yaml", "web/shop.yml"}},
		{pattern: "charts/*/templates", matches: []string{"charts/shop/templates/a/b.yaml"}, others: []string{"charts/templates/a.yaml", "charts/a/b/templates/c.yaml"}},
		{pattern: "**/testdata", matches: []string{"testdata/a.yaml", "web/testdata/eu/a.yaml"}, others: []string{"web/testdata.yaml"}},
		{pattern: "**/*.{yml,json}", matches: []string{"a.yml", "web/eu/a.json"}, others: []string{"a.yaml"}},
		{pattern: "../other", matches: []string{"../other/a.yaml"}, others: []string{"other/a.yaml"}},
		{pattern: "/srv/web", matches: []string{"/srv/web/a.yaml"}, others: []string{"/srv/a.yaml", "srv/web/a.yaml"}},
	} {
		require.NoError(t, tc.pattern.Validate())
		for _, file := range tc.matches {
			assert.True(t, tc.pattern.Matches(file), "%s names %s", tc.pattern, file)
		}
		for _, file := range tc.others {
			assert.False(t, tc.pattern.Matches(file), "%s does not name %s", tc.pattern, file)
		}
	}
	for _, bad := range []document.FilePattern{"", "[", "a/{b", "[]"} {
		require.Error(t, bad.Validate(), "%q", bad)
		assert.False(t, bad.Matches("a.yaml"))
	}
}
