package envoygateway

// isPermitted tells whether a reference that leaves its namespace is permitted by a
// ReferenceGrant where it leads (isCrossNamespaceReferencePermitted in
// internal/gatewayapi/helpers.go).
func (t *translator) isPermitted(fromGroup, fromKind, fromNamespace, toGroup string, to Object) bool {
	if fromNamespace == to.Namespace {
		return true
	}
	for _, grant := range t.grants[to.Namespace] {
		for _, from := range grant.Spec.From {
			if string(from.Group) != fromGroup || string(from.Kind) != fromKind || string(from.Namespace) != fromNamespace {
				continue
			}
			for _, target := range grant.Spec.To {
				anyName := target.Name == nil || *target.Name == ""
				if string(target.Group) == toGroup && string(target.Kind) == to.Kind && (anyName || string(*target.Name) == to.Name) {
					return true
				}
			}
		}
	}
	return false
}
