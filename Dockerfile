# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM golang:1.26.8 AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY fn fn
COPY pkg pkg
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} go build -trimpath -ldflags="-s -w -X github.com/failover-krm/failover/pkg/command.version=${VERSION}" -o /out/failover ./fn/failover

# Has a passwd entry, which kpt and kustomize need to run it as nobody.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/failover /usr/local/bin/failover
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/failover"]
