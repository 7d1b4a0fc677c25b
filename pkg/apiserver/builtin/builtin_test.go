package builtin_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failover-krm/failover/pkg/apiserver"
	"github.com/failover-krm/failover/pkg/document"
)

// deployment has a container, with what a test puts into it, and a pod around it.
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      volumes: [{name: files, emptyDir: {}}, {name: config, configMap: {name: config}}]
      resourceClaims: [{name: gpu, resourceClaimName: gpu}]
      containers:
        - {name: shop, image: "shop:1", CONTAINER}
`

// TestContainer has each rule about a container, on both sides of its limit.
func TestContainer(t *testing.T) {
	for container, want := range map[string]string{
		`command: [a, null], args: [""]`: "",
		`command: a`:                     "command: Invalid value: \"a\": must be a list",
		`args: [true]`:                   "args[0]: Invalid value: true: must be a string: put it in quotes",
		`imagePullPolicy: Never`:         "",
		`imagePullPolicy: never`:         `imagePullPolicy: Unsupported value: "never": supported values: "Always", "IfNotPresent", "Never"`,
		`terminationMessagePolicy: x`:    `terminationMessagePolicy: Unsupported value: "x": supported values: "File", "FallbackToLogsOnError"`,
		`restartPolicy: Always, tty: 1`:  "tty: Invalid value: 1: must be true or false",

		`resources: {limits: {cpu: 1, memory: 1Gi, ephemeral-storage: 1Gi}}`:        "",
		`resources: {limits: {cpus: 1}}`:                                            `resources.limits[cpus]: Invalid value: "cpus": must be cpu, memory, ephemeral-storage, hugepages-SIZE, or an extended resource such as example.com/gpu; did you mean "cpu"?`,
		`resources: {requests: {storage: 1Gi}}`:                                     `resources.requests[storage]: Invalid value: "storage": must be cpu, memory, ephemeral-storage, hugepages-SIZE, or an extended resource such as example.com/gpu`,
		`resources: {limits: {kubernetes.io/x: 500m}}`:                              "",
		`resources: {limits: {requests.example.com/x: 1}}`:                          `resources.limits[requests.example.com/x]: Invalid value: "requests.example.com/x": must not begin with requests.`,
		`resources: {limits: {cpu: -1}}`:                                            `resources.limits[cpu]: Invalid value: "-1": must not be negative`,
		`resources: {limits: {cpu: 0}}`:                                             "",
		`resources: {limits: {cpu: one}}`:                                           `resources.limits[cpu]: Invalid value: "one": must be a quantity such as "500m", "2" or "128Mi"`,
		`resources: {limits: {cpu: 1}, requests: {cpu: 1000m}}`:                     "",
		`resources: {limits: {cpu: 1.0002}, requests: {cpu: 1.0009}}`:               "",
		`resources: {limits: {cpu: 1}, requests: {cpu: 1001m}}`:                     `resources.requests[cpu]: Invalid value: "1001m": must not exceed the limit, 1`,
		`resources: {requests: {example.com/gpu: 1}}`:                               "resources.limits[example.com/gpu]: Required value: must be given, and be the same as the request, 1",
		`resources: {limits: {example.com/gpu: 2}}`:                                 "",
		`resources: {limits: {example.com/gpu: 2}, requests: {example.com/gpu: 2}}`: "",
		`resources: {limits: {example.com/gpu: 2}, requests: {example.com/gpu: 1}}`: `resources.requests[example.com/gpu]: Invalid value: "1": must be the same as the limit, 2`,
		`resources: {limits: {example.com/gpu: 500m}}`:                              `resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer: an extended resource has no parts`,
		`resources: {limits: {hugepages-2Mi: 4Mi, memory: 1Gi}}`:                    "",
		`resources: {limits: {hugepages-2Mi: 4Mi}, requests: {cpu: 1}}`:             "",
		`resources: {limits: {hugepages-2Mi: 4Mi}}`:                                 "resources: Invalid value: must have cpu or memory in addition to hugepages",
		`resources: {limits: {hugepages-2Mi: 3Mi, cpu: 1}}`:                         `resources.limits[hugepages-2Mi]: Invalid value: "3Mi": must be a multiple of the size of a page, 2Mi`,
		`resources: {limits: {hugepages-x: 1, cpu: 1}}`:                             `resources.limits[hugepages-x]: Invalid value: "hugepages-x": must end with the size of a page, as hugepages-2Mi`,
		`resources: {limits: {hugepages-0: 1, cpu: 1}}`:                             `resources.limits[hugepages-0]: Invalid value: "hugepages-0": must end with the size of a page, as hugepages-2Mi`,
		`resources: {requests: {hugepages-2Mi: 2Mi, cpu: 1}}`:                       "resources.limits[hugepages-2Mi]: Required value: must be given, and be the same as the request, 2Mi",
		`resources: {claims: [{name: gpu}]}`:                                        "",
		`resources: {claims: [{name: cpu}]}`:                                        `resources.claims[0].name: Unsupported value: "cpu": supported values: "gpu"`,
		`resources: {claims: [{}]}`:                                                 "resources.claims[0].name: Required value: must be given",
		`resources: {claims: [{name: gpu}, {name: gpu}]}`:                           `resources.claims[1]: Duplicate value: "gpu"`,
		`resources: {claims: [{name: gpu, request: a}, {name: gpu, request: b}]}`:   "",
		`resources: {claims: [{name: gpu, request: a}, {name: gpu, request: a}]}`:   `resources.claims[1]: Duplicate value: "gpu"`,
		`resources: {claims: [{name: gpu}, {name: gpu, request: a}]}`:               `resources.claims[1]: Duplicate value: "gpu"`,
		`resources: {claims: [{name: gpu, request: a}, {name: gpu}]}`:               `resources.claims[1]: Duplicate value: "gpu"`,

		`readinessProbe: {httpGet: {port: 1, scheme: HTTPS}, successThreshold: 2}`: "",
		`livenessProbe: {httpGet: {port: 65535}, successThreshold: 1}`:             "",
		`livenessProbe: {httpGet: {port: 65536}}`:                                  "livenessProbe.httpGet.port: Invalid value: 65536: must be between 1 and 65535, inclusive",
		`livenessProbe: {httpGet: {}}`:                                             "livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
		`livenessProbe: {tcpSocket: {port: Http}}`:                                 `livenessProbe.tcpSocket.port: Invalid value: "Http": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
		`livenessProbe: {grpc: {port: 1, service: shop}}`:                          "",
		`livenessProbe: {grpc: {port: http}}`:                                      `livenessProbe.grpc.port: Invalid value: "http": must be an integer`,
		`livenessProbe: {grpc: {port: 0}}`:                                         "livenessProbe.grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive",
		`livenessProbe: {exec: {}}`:                                                "livenessProbe.exec.command: Required value: must be given",
		`livenessProbe: {}`:                                                        "livenessProbe: Required value: must have exactly one of exec, grpc, httpGet, tcpSocket",
		`livenessProbe: {grpc: {port: 1}, tcpSocket: {port: 1}}`:                   `livenessProbe: Invalid value: "grpc and tcpSocket": must have exactly one of exec, grpc, httpGet, tcpSocket`,
		`livenessProbe: {httpGet: {port: 1, scheme: FOO}}`:                         `livenessProbe.httpGet.scheme: Unsupported value: "FOO": supported values: "HTTP", "HTTPS"`,
		`livenessProbe: {httpGet: {port: 1, httpHeaders: [{name: X-A}]}}`:          "",
		`livenessProbe: {httpGet: {port: 1, httpHeaders: [{name: a b}]}}`:          `livenessProbe.httpGet.httpHeaders[0].name: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
		`livenessProbe: {tcpSocket: {port: 1}, successThreshold: 2}`:               "livenessProbe.successThreshold: Invalid value: 2: must be 1 for this probe",
		`startupProbe: {tcpSocket: {port: 1}, successThreshold: 2}`:                "startupProbe.successThreshold: Invalid value: 2: must be 1 for this probe",
		`startupProbe: {tcpSocket: {port: 1}, periodSeconds: -1}`:                  "startupProbe.periodSeconds: Invalid value: -1: must not be negative",
		`startupProbe: {tcpSocket: {port: 1}, periodSeconds: 0}`:                   "",
		`startupProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 1}`:   "",
		`startupProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 0}`:   "startupProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0",
		`readinessProbe: {tcpSocket: {port: 1}, terminationGracePeriodSeconds: 1}`: "readinessProbe.terminationGracePeriodSeconds: Forbidden: a readiness probe ends no pod: remove it",
		`readinessProbe: {tpcSocket: {port: 1}}`:                                   `readinessProbe.tpcSocket: Forbidden: unknown field, did you mean "tcpSocket"?`,

		`lifecycle: {preStop: {sleep: {seconds: 30}}, postStart: {sleep: {seconds: 0}}}`: "",
		`lifecycle: {preStop: {sleep: {seconds: 31}}}`:                                   "lifecycle.preStop.sleep.seconds: Invalid value: 31: must be between 0 and terminationGracePeriodSeconds, 30",
		`lifecycle: {preStop: {sleep: {seconds: -1}}}`:                                   "lifecycle.preStop.sleep.seconds: Invalid value: -1: must be between 0 and terminationGracePeriodSeconds, 30",
		`lifecycle: {postStart: {}}`:                                                     "lifecycle.postStart: Required value: must have exactly one of exec, httpGet, sleep, tcpSocket",

		`env: [{name: A}, {name: A, value: x}]`: "",
		`env: [{name: A, value: 1}]`:            "env[0].value: Invalid value: 1: must be a string: put it in quotes",
		`env: [{name: a=b}]`:                    `env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
		`env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: spec.host}}}]`:                       `env[0]: Invalid value: "A": must have value or valueFrom, not both`,
		`env: [{name: A, valueFrom: {}}]`:                                                                 "env[0].valueFrom: Required value: must have exactly one of configMapKeyRef, fieldRef, fileKeyRef, resourceFieldRef, secretKeyRef",
		`env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name, apiVersion: v1}}}]`:             "",
		`env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name, apiVersion: v2}}}]`:             `env[0].valueFrom.fieldRef.apiVersion: Unsupported value: "v2": supported values: "v1"`,
		`env: [{name: A, valueFrom: {fieldRef: {}}}]`:                                                     "env[0].valueFrom.fieldRef.fieldPath: Required value: must be given",
		`env: [{name: A, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['Example.com/A']"}}}]`:   "",
		`env: [{name: A, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}]`:                  "",
		`env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}]`:            "",
		`env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 0}}}]`:             "",
		`env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 7}}}]`:             `env[0].valueFrom.resourceFieldRef.divisor: Unsupported value: "7": supported values: "1m", "1"`,
		`env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.hugepages-2Mi, divisor: 1Mi}}}]`: "",
		`env: [{name: A, valueFrom: {resourceFieldRef: {}}}]`:                                             "env[0].valueFrom.resourceFieldRef.resource: Required value: must be given",
		`env: [{name: A, valueFrom: {configMapKeyRef: {name: config, key: a.b}}}]`:                        "",
		`env: [{name: A, valueFrom: {secretKeyRef: {name: config}}}]`:                                     "env[0].valueFrom.secretKeyRef.key: Required value: must be given",
		`env: [{name: A, valueFrom: {secretKeyRef: {name: config, key: ".."}}}]`:                          `env[0].valueFrom.secretKeyRef.key: Invalid value: "..": must not be '..'`,
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: files, path: a/..b, key: A}}}]`:             "",
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: files, path: ../a, key: A}}}]`:              `env[0].valueFrom.fileKeyRef.path: Invalid value: "../a": must not contain ".."`,
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: files, key: A}}}]`:                          "env[0].valueFrom.fileKeyRef.path: Required value: must be given",
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: files, path: a}}}]`:                         "env[0].valueFrom.fileKeyRef.key: Required value: must be given",
		`env: [{name: A, valueFrom: {fileKeyRef: {path: a, key: A}}}]`:                                    "env[0].valueFrom.fileKeyRef.volumeName: Required value: must be given",
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: config, path: a, key: A}}}]`:                `env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "config": must be a volume of type emptyDir`,
		`env: [{name: A, valueFrom: {fileKeyRef: {volumeName: none, path: a, key: A}}}]`:                  `env[0].valueFrom.fileKeyRef.volumeName: Unsupported value: "none": supported values: "files"`,
		`envFrom: [{prefix: A_, configMapRef: {name: config}}, {secretRef: {name: a.b}}]`:                 "",
		`envFrom: [{}]`: "envFrom[0]: Required value: must have exactly one of configMapRef, secretRef",

		`ports: [{containerPort: 1}, {containerPort: 1, protocol: UDP}, {containerPort: 65535}]`: "",

		`ports: [{containerPort: 65536}]`:            "ports[0].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive",
		`ports: [{}]`:                                "ports[0].containerPort: Invalid value: 0: must be between 1 and 65535, inclusive",
		`ports: [{containerPort: 1, protocol: tcp}]`: `ports[0].protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"`,

		`ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]`:                        `ports[1].name: Duplicate value: "a"`,
		`ports: [{containerPort: 1, hostPort: -1}]`:                                                "ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive",
		`ports: [{containerPort: 1, hostPort: 2}, {containerPort: 2, hostPort: 2, protocol: TCP}]`: "ports[1].hostPort: Duplicate value: 2",
		`ports: [{containerPort: 1, hostPort: 2}, {containerPort: 2, hostPort: 2, protocol: UDP}]`: "",

		`resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]`: "",
		`resizePolicy: [{resourceName: x, restartPolicy: NotRequired}]`:   `resizePolicy[0].resourceName: Unsupported value: "x": supported values: "cpu", "memory"`,
		`resizePolicy: [{resourceName: cpu}]`:                             `resizePolicy[0].restartPolicy: Unsupported value: "": supported values: "NotRequired", "RestartContainer"`,
	} {
		got := validate(t, strings.Replace(deployment, "CONTAINER", container, 1))
		assert.Equal(t, want, strings.ReplaceAll(got, "spec.template.spec.containers[0].", ""), container)
	}
}

// TestDeployment has each rule about a Deployment except those about its container.
func TestDeployment(t *testing.T) {
	for spec, want := range map[string]string{
		`replicas: 0`:   "",
		`replicas: -1`:  "spec.replicas: Invalid value: -1: must be at least 0",
		`replicas: "3"`: `spec.replicas: Invalid value: "3": must be an integer: write 3, without quotes`,
		`replica: 3`:    `spec.replica: Forbidden: unknown field, did you mean "replicas"?`,
		`replicas: "3", minReadySeconds: -1`: `spec.minReadySeconds: Invalid value: -1: must be at least 0
spec.replicas: Invalid value: "3": must be an integer: write 3, without quotes`,
		`minReadySeconds: 599`:                                               "",
		`minReadySeconds: 600`:                                               "spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds, which is 600",
		`progressDeadlineSeconds: 0`:                                         "spec.progressDeadlineSeconds: Invalid value: 0: must be greater than minReadySeconds, which is 0",
		`progressDeadlineSeconds: 1`:                                         "",
		`revisionHistoryLimit: 0`:                                            "",
		`revisionHistoryLimit: -1`:                                           "spec.revisionHistoryLimit: Invalid value: -1: must be at least 0",
		`strategy: {type: Recreate}`:                                         "",
		`strategy: {type: recreate}`:                                         `spec.strategy.type: Unsupported value: "recreate": supported values: "RollingUpdate", "Recreate"`,
		`strategy: {type: Recreate, rollingUpdate: {}}`:                      "spec.strategy.rollingUpdate: Forbidden: is for type RollingUpdate: remove it, or the type Recreate",
		`strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 100%}}`:     "",
		`strategy: {rollingUpdate: {maxUnavailable: 0}}`:                     "",
		`strategy: {rollingUpdate: {maxSurge: 0}}`:                           "",
		`strategy: {rollingUpdate: {maxSurge: 101%}}`:                        "",
		`strategy: {rollingUpdate: {maxUnavailable: 101}}`:                   "",
		`strategy: {rollingUpdate: {maxUnavailable: 101%}}`:                  `spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must be at most 100%`,
		`strategy: {rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}}`:       `spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0": must not be 0 where maxSurge is 0 too: no pod could be replaced`,
		`strategy: {rollingUpdate: {maxUnavailable: 99999999999999999999%}}`: `spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "99999999999999999999%": must be at most 100%`,
		`strategy: {rollingUpdate: {maxSurge: -1}}`:                          "spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be at least 0",
		`strategy: {rollingUpdate: {maxSurge: half}}`:                        `spec.strategy.rollingUpdate.maxSurge: Invalid value: "half": must be a number, or a percentage such as "25%"`,
		`selector: {}`: "spec.selector: Required value: must select the pods of the template",
		`selector: {matchExpressions: [{key: app, operator: Exists}]}`:                "",
		`selector: {matchExpressions: [{key: app, operator: NotIn, values: [shop]}]}`: `spec.template.metadata.labels: Invalid value: {"app":"shop"}: must have the labels of selector`,
	} {
		text := strings.Replace(deployment, ", CONTAINER", "", 1)
		text = strings.Replace(text, "spec:\n", "spec:\n  "+strings.ReplaceAll(spec, ", minReady", "\n  minReady")+"\n", 1)
		if strings.HasPrefix(spec, "selector") {
			text = strings.Replace(text, "  selector: {matchLabels: {app: shop}}\n", "", 1)
		}
		assert.Equal(t, want, validate(t, text), spec)
	}
}

// TestSeveralContainers has the rules about containers next to others.
func TestSeveralContainers(t *testing.T) {
	for pod, want := range map[string]string{
		`containers: []`: "spec.template.spec.containers: Required value: must have a container",
		`containers: [{name: a, image: i}, {name: b, image: i}]`:                                                             "",
		`containers: [{name: a, image: i}, {name: a, image: i}]`:                                                             `spec.template.spec.containers[1].name: Duplicate value: "a"`,
		`containers: [{name: a, image: i}], initContainers: [{name: a, image: i}]`:                                           `spec.template.spec.initContainers[0].name: Duplicate value: "a"`,
		`containers: [{name: a, image: i}], initContainers: [{name: b, image: i, livenessProbe: {}}]`:                        "spec.template.spec.initContainers[0].livenessProbe: Forbidden: an init container has none, unless its restartPolicy is Always",
		`containers: [{name: a, image: i}], initContainers: [{name: b, image: i, restartPolicy: Always, lifecycle: {}}]`:     "",
		`containers: [{name: a, image: i, ports: [{containerPort: 1, hostPort: 2}]}], hostNetwork: true`:                     "spec.template.spec.containers[0].ports[0].hostPort: Invalid value: 2: must be that of containerPort, 1, where hostNetwork is true",
		`containers: [{name: a, image: i, lifecycle: {preStop: {sleep: {seconds: 60}}}}], terminationGracePeriodSeconds: 60`: "",
		`containers: [{name: a, image: i, resources: {claims: [{name: gpu}]}}]`:                                              `spec.template.spec.containers[0].resources.claims[0].name: Invalid value: "gpu": must be a resource claim of the pod, which has none`,
		`containers: [{name: a, image: i, env: [{name: A, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: K}}}]}]`:     `spec.template.spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "v": must be an emptyDir volume of the pod, which has none`,
		`containers: [{name: a, image: i}], restartPolicy: Never`:                                                            `spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"`,
		`containers: [{name: a, image: i}], activeDeadlineSeconds: 5`:                                                        "spec.template.spec.activeDeadlineSeconds: Forbidden: pods of a Deployment have no end: remove it",
		`containers: [{name: a, image: i}], ephemeralContainers: [{name: b, image: i}]`:                                      "spec.template.spec.ephemeralContainers: Forbidden: are added to a running pod: remove them",
		`containers: [{name: a, image: i}], securityContext: {runAsUser: root}`:                                              `spec.template.spec.securityContext.runAsUser: Invalid value: "root": must be an integer`,
		`containers: [{name: a, image: i}, 5]`:                                                                               "spec.template.spec.containers[1]: Invalid value: 5: must be a map of ",
	} {
		head, _, _ := strings.Cut(deployment, "    spec:\n")
		got := validate(t, head+"    spec: {"+pod+"}\n")
		if strings.HasSuffix(want, " ") {
			assert.True(t, strings.HasPrefix(got, want), got)
			continue
		}
		assert.Equal(t, want, got, pod)
	}
}

// TestService has each rule about a Service, on both sides of its limit.
func TestService(t *testing.T) {
	const port = `ports: [{port: 80}], `
	for spec, want := range map[string]string{
		`ports: [{port: 1}]`:                              "",
		`ports: [{port: 65535}]`:                          "",
		`ports: [{port: 65536}]`:                          "spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive",
		`ports: [{port: "80"}]`:                           `spec.ports[0].port: Invalid value: "80": must be an integer: write 80, without quotes`,
		`ports: []`:                                       "spec.ports: Required value: must have a port",
		`clusterIP: None`:                                 "",
		`ports: [{port: 1}, {port: 2, name: b}]`:          "spec.ports[0].name: Required value: must be given where there are several ports",
		`ports: [{port: 1, name: a}, {port: 2, name: a}]`: `spec.ports[1].name: Duplicate value: "a"`,
		`ports: [{port: 1, name: a}, {port: 1, name: b, protocol: TCP}]`:                            `spec.ports[1]: Duplicate value: "port 1 of TCP"`,
		`ports: [{port: 1, name: a}, {port: 1, name: b, protocol: UDP}]`:                            "",
		`ports: [{port: 1, targetPort: 0}]`:                                                         "",
		`ports: [{port: 1, targetPort: ""}]`:                                                        "",
		`ports: [{port: 1, targetPort: -1}]`:                                                        "spec.ports[0].targetPort: Invalid value: -1: must be between 1 and 65535, inclusive",
		`ports: [{port: 1, appProtocol: a b}]`:                                                      `spec.ports[0].appProtocol: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
		`ports: [{port: 1, nodePort: 30000}]`:                                                       "spec.ports[0].nodePort: Forbidden: is for type NodePort or LoadBalancer",
		`type: NodePort, ports: [{port: 1, nodePort: 30000}]`:                                       "",
		`type: NodePort, ports: [{port: 1, nodePort: 70000}]`:                                       "spec.ports[0].nodePort: Invalid value: 70000: must be between 1 and 65535, inclusive",
		`type: NodePort, ports: [{port: 1, nodePort: 3, name: a}, {port: 2, nodePort: 3, name: b}]`: "spec.ports[1].nodePort: Duplicate value: 3",
		`type: Foo, ` + port:                                                                        `spec.type: Unsupported value: "Foo": supported values: "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"`,

		`type: ExternalName, externalName: a.example.com.`: "",
		`type: ExternalName`: "spec.externalName: Required value: must be given where type is ExternalName",
		`type: ExternalName, externalName: a, clusterIP: None`:             "spec.clusterIP: Forbidden: a Service of type ExternalName has no address: remove it",
		`type: ExternalName, externalName: a, ipFamilyPolicy: SingleStack`: "spec.ipFamilyPolicy: Forbidden: a Service of type ExternalName has no address: remove it",

		port + `clusterIP: 10.0.0.1`:                                        "",
		port + `clusterIP: x`:                                               `spec.clusterIP: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
		port + `clusterIPs: [10.0.0.1]`:                                     "spec.clusterIP: Required value: must be the first of clusterIPs, where they are given",
		port + `clusterIP: 10.0.0.2, clusterIPs: [10.0.0.1]`:                `spec.clusterIP: Invalid value: "10.0.0.2": must be the first of clusterIPs`,
		port + `clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "2001:db8::1"]`: "",
		port + `clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 10.0.0.2]`:      `spec.clusterIPs[1]: Invalid value: "10.0.0.2": must not be a second address of IPv4`,
		port + `clusterIP: 10.0.0.1, ipFamilies: [IPv6]`:                    `spec.clusterIP: Invalid value: "10.0.0.1": must be an address of IPv6, as ipFamilies says`,
		port + `ipFamilies: [IPv4, IPv4]`:                                   `spec.ipFamilies[1]: Duplicate value: "IPv4"`,
		port + `ipFamilies: [IPv5]`:                                         `spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"`,
		port + `ipFamilyPolicy: ""`:                                         `spec.ipFamilyPolicy: Unsupported value: "": supported values: "SingleStack", "PreferDualStack", "RequireDualStack"`,
		port + `type: NodePort, clusterIP: None`:                            `spec.clusterIP: Invalid value: "None": must not be None where type is NodePort`,
		port + `type: LoadBalancer, clusterIP: None`:                        `spec.clusterIP: Invalid value: "None": must not be None where type is LoadBalancer`,

		port + `sessionAffinity: Foo`: `spec.sessionAffinity: Unsupported value: "Foo": supported values: "ClientIP", "None"`,
		port + `sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86400}}`: "",
		port + `sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}`: "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be between 1 and 86400, inclusive",
		port + `sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}`:     "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be between 1 and 86400, inclusive",
		port + `sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}`:     "",
		port + `sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}`:                                "",

		port + `externalTrafficPolicy: Local`:                                                 "spec.externalTrafficPolicy: Forbidden: is for a Service that is reached from outside: of type LoadBalancer or NodePort, or with externalIPs",
		port + `externalTrafficPolicy: Local, externalIPs: [192.0.2.1]`:                       "",
		port + `externalTrafficPolicy: Local, type: NodePort`:                                 "",
		port + `externalTrafficPolicy: Foo, type: LoadBalancer`:                               `spec.externalTrafficPolicy: Unsupported value: "Foo": supported values: "Cluster", "Local"`,
		port + `healthCheckNodePort: 30000`:                                                   "spec.healthCheckNodePort: Forbidden: is for type LoadBalancer with externalTrafficPolicy Local",
		port + `healthCheckNodePort: 30000, type: LoadBalancer, externalTrafficPolicy: Local`: "",
		port + `healthCheckNodePort: -1, type: LoadBalancer, externalTrafficPolicy: Local`:    "spec.healthCheckNodePort: Invalid value: -1: must be between 1 and 65535, inclusive",
		port + `internalTrafficPolicy: Foo`:                                                   `spec.internalTrafficPolicy: Unsupported value: "Foo": supported values: "Cluster", "Local"`,
		port + `trafficDistribution: PreferClose`:                                             "",
		port + `trafficDistribution: Foo`:                                                     `spec.trafficDistribution: Unsupported value: "Foo": supported values: "PreferClose", "PreferSameZone", "PreferSameNode"`,

		port + `type: LoadBalancer, loadBalancerSourceRanges: [" 10.0.0.0/8 "], loadBalancerClass: a/b, allocateLoadBalancerNodePorts: false`: "",
		port + `type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0]`:                                                                     `spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
		port + `type: LoadBalancer, loadBalancerClass: ""`:                                                                                    "spec.loadBalancerClass: ",
		port + `loadBalancerSourceRanges: [10.0.0.0/8]`:                                                                                       "spec.loadBalancerSourceRanges: Forbidden: is for type LoadBalancer",
		port + `loadBalancerClass: a/b`:                                                                                                       "spec.loadBalancerClass: Forbidden: is for type LoadBalancer",
		port + `allocateLoadBalancerNodePorts: true`:                                                                                          "spec.allocateLoadBalancerNodePorts: Forbidden: is for type LoadBalancer",
		port + `externalIPs: [192.0.2.1, "2001:db8::1"]`:                                                                                      "",
		port + `externalIPs: [127.0.0.1]`:                                                                                                     `spec.externalIPs[0]: Invalid value: "127.0.0.1": must not be an unspecified, loopback or link-local address`,
		port + `externalIPs: [x]`:                                                                                                             `spec.externalIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
		port + `selector: {a b: c}`:                                                                                                           "spec.selector[a b]: ",
	} {
		got := validate(t, "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {"+strings.TrimSuffix(spec, ", ")+"}\n")
		if strings.HasSuffix(want, " ") {
			assert.True(t, strings.HasPrefix(got, want), got)
			continue
		}
		assert.Equal(t, want, got, spec)
	}
}

// TestSameErrorsEachTime holds errors that are found in maps to one order.
func TestSameErrorsEachTime(t *testing.T) {
	text := strings.Replace(deployment, "matchLabels: {app: shop}", `matchLabels: {"a b": x, "c d": y, "e f": z, app: "not allowed!"}`, 1)
	text = strings.Replace(text, "CONTAINER", "resources: {limits: {foo: 1, bar: 1, baz: 1}, requests: {foo: 2, bar: 2, baz: 2}}", 1)
	first := validate(t, text)
	for range 50 {
		require.Equal(t, first, validate(t, text))
	}
}

// validate returns the errors of a manifest, one a line.
func validate(t *testing.T, manifest string) string {
	t.Helper()
	documents, err := document.Parse([]byte(manifest), "test.yaml")
	require.NoError(t, err, manifest)
	value, errs := document.Value(documents[0].Node)
	require.Empty(t, errs)
	var lines []string
	for _, err := range apiserver.Validate("1.9.1", value.(map[string]any)) {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}
