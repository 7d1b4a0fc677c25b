package predictions

// reasons are what is known of disagreements, by the drill's name.
var reasons = map[string]string{}

// notKnown is what stands for the others.
const notKnown = "not known"
