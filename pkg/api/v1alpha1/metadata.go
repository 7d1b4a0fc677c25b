package v1alpha1

const (
	// LabelName has the FailoverSpec's name on every object.
	LabelName = "app.kubernetes.io/name"
	// LabelComponent says what an object is for: active, passive, gateway, route
	// or policy.
	LabelComponent = "app.kubernetes.io/component"
	// LabelManagedBy has ManagedBy on every object.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "failover"

	// AnnotationOwner has, on what the function emits, the name of the FailoverSpec
	// that it comes from.
	AnnotationOwner = Group + "/owner"
	// AnnotationPart has, on what the function emits, the logical part of the
	// failover that it is, such as active-backend. Owner and part outlive a rename.
	AnnotationPart = Group + "/part"
	// AnnotationLabels has, on what the function emits, the keys of the labels that
	// spec.labels gave it, separated by commas. By it the next run tells a label
	// that was taken out of the spec from one that another author put on the object.
	AnnotationLabels = Group + "/labels"
	// AnnotationAnnotations does for spec.annotations what AnnotationLabels does for
	// spec.labels.
	AnnotationAnnotations = Group + "/annotations"
	// AnnotationIgnore has, on an object that is checked, the rules whose findings are
	// to be ignored there, each with its reason: "RULE: reason; OTHER-RULE: reason". On
	// a FailoverSpec it covers what that renders.
	AnnotationIgnore = Group + "/ignore"
)
