package main

import (
	"fmt"
	"slices"
	"time"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"

	"github.com/failover-krm/failover/pkg/api/v1alpha1"
	"github.com/failover-krm/failover/pkg/envoy"
	"github.com/failover-krm/failover/pkg/envoygateway"
)

// profile is what is searched around.
type profile struct {
	name     v1alpha1.Profile
	isActive bool
	settings envoy.Settings
}

func (p profile) title() string {
	if p.isActive {
		return fmt.Sprintf("`%s` with an active check", p.name)
	}
	return fmt.Sprintf("`%s`", p.name)
}

// profiles are those of FailoverSpec, each without and with an active check.
func profiles() []profile {
	var all []profile
	for _, name := range []v1alpha1.Profile{v1alpha1.ProfileSafe, v1alpha1.ProfileZeroLoss} {
		for _, isActive := range []bool{false, true} {
			all = append(all, profile{name, isActive, settingsOf(name, isActive)})
		}
	}
	return all
}

func settingsOf(name v1alpha1.Profile, isActive bool) envoy.Settings {
	var fs v1alpha1.FailoverSpec
	fs.Spec.Policy.Profile = name
	if isActive {
		fs.Spec.Policy.HealthCheck = &egv1a1.HealthCheck{Active: &egv1a1.ActiveHealthCheck{HTTP: &egv1a1.HTTPActiveHealthChecker{Path: "/healthz"}}}
	}
	v1alpha1.Default(&fs)
	effect := envoygateway.PolicyInEffect{Spec: &fs.Spec.Policy.BackendTrafficPolicySpec}
	return envoy.SettingsOf("HTTPRoute", envoygateway.Rule{}, envoygateway.Attachment{Policy: effect, ClusterPolicy: effect}, fs.Spec.Target.EnvoyGateway())
}

// field is a setting, and the values that are tried.
type field struct {
	name    string
	options []option
	// current is the value in settings; empty where they have no such field.
	current func(envoy.Settings) string
}

// option is a value of a field.
type option struct {
	text string
	set  func(*envoy.Settings)
}

// fieldOf makes a field from the place of its value, which is nil where settings have
// none.
func fieldOf[T time.Duration | int](name string, at func(*envoy.Settings) *T, values ...T) field {
	f := field{name: name, current: func(settings envoy.Settings) string {
		if value := at(&settings); value != nil {
			return fmt.Sprint(*value)
		}
		return ""
	}}
	for _, value := range values {
		f.options = append(f.options, option{fmt.Sprint(value), func(settings *envoy.Settings) { *at(settings) = value }})
	}
	return f
}

// The fields that are searched.
var (
	interval = fieldOf("passive.interval", func(s *envoy.Settings) *time.Duration { return &s.Outlier.Interval },
		time.Second, 2*time.Second, 3*time.Second, 5*time.Second)
	base = fieldOf("passive.baseEjectionTime", func(s *envoy.Settings) *time.Duration { return &s.Outlier.BaseEjectionTime },
		3*time.Second, 5*time.Second, 10*time.Second, 20*time.Second, 30*time.Second)
	threshold = fieldOf("passive.consecutive5XxErrors", func(s *envoy.Settings) *int { return &s.Outlier.Consecutive5xx },
		1, 2, 3, 5)
	connectTimeout = fieldOf("timeout.tcp.connectTimeout", func(s *envoy.Settings) *time.Duration { return &s.ConnectTimeout },
		500*time.Millisecond, time.Second, 2*time.Second)
	requestTimeout = fieldOf("timeout.http.requestTimeout", func(s *envoy.Settings) *time.Duration { return &s.RequestTimeout },
		2*time.Second, 4*time.Second, 15*time.Second)
	numRetries = fieldOf("retry.numRetries", func(s *envoy.Settings) *int { return &s.Retry.NumRetries },
		1, 2, 3)
	perRetry = fieldOf("retry.perRetry.timeout", func(s *envoy.Settings) *time.Duration {
		if s.Retry.PerTryTimeout == 0 {
			return nil
		}
		return &s.Retry.PerTryTimeout
	}, time.Second, 2*time.Second, 5*time.Second)
	checkInterval = fieldOf("active.interval", ofCheck(func(c *envoy.HealthCheck) *time.Duration { return &c.Interval }),
		time.Second, 2*time.Second, 3*time.Second, 5*time.Second)
	checkTimeout = fieldOf("active.timeout", ofCheck(func(c *envoy.HealthCheck) *time.Duration { return &c.Timeout }),
		500*time.Millisecond, time.Second, 2*time.Second)
	unhealthy = fieldOf("active.unhealthyThreshold", ofCheck(func(c *envoy.HealthCheck) *int { return &c.Unhealthy }), 1, 2, 3)
	healthy   = fieldOf("active.healthyThreshold", ofCheck(func(c *envoy.HealthCheck) *int { return &c.Healthy }), 1, 2, 3)

	fields = []field{interval, base, threshold, connectTimeout, requestTimeout, numRetries, perRetry, checkInterval, checkTimeout, unhealthy, healthy}
	// pairs are the fields whose effects depend on each other.
	pairs = [][2]field{{interval, base}, {threshold, base}, {checkInterval, unhealthy}, {checkInterval, healthy}}
)

func ofCheck[T any](at func(*envoy.HealthCheck) *T) func(*envoy.Settings) *T {
	return func(s *envoy.Settings) *T {
		if s.Check == nil {
			return nil
		}
		return at(s.Check)
	}
}

// variant is a profile with other values of some fields.
type variant struct {
	changes  []change
	settings envoy.Settings
}

type change struct{ field, value string }

// singles are each other value of each field.
func (p profile) singles() []variant {
	var all []variant
	for _, f := range fields {
		for _, o := range p.others(f) {
			all = append(all, p.with([]field{f}, o))
		}
	}
	return all
}

// pairs are each two values that are both others.
func (p profile) pairs() []variant {
	var all []variant
	for _, pair := range pairs {
		for _, first := range p.others(pair[0]) {
			for _, second := range p.others(pair[1]) {
				all = append(all, p.with(pair[:], first, second))
			}
		}
	}
	return all
}

// others are the values of a field that the profile does not have; none where it lacks
// the field.
func (p profile) others(f field) []option {
	current := f.current(p.settings)
	if current == "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.options), func(o option) bool { return o.text == current })
}

func (p profile) with(fields []field, options ...option) variant {
	v := variant{settings: p.settings}
	outlier, retry := *p.settings.Outlier, *p.settings.Retry
	v.settings.Outlier, v.settings.Retry = &outlier, &retry
	if p.settings.Check != nil {
		check := *p.settings.Check
		v.settings.Check = &check
	}
	for i, o := range options {
		o.set(&v.settings)
		v.changes = append(v.changes, change{fields[i].name, o.text})
	}
	return v
}
