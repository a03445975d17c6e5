# The program in a small image: built and packed on Debian 12, and installed from the package with what it needs.
#
#   docker build -t mobilenet .
#   docker run --rm -v "$PWD:/pictures" mobilenet classify photo.jpg
FROM debian:12 AS build
COPY scripts/setup /source/scripts/setup
RUN /source/scripts/setup && apt-get install -y --no-install-recommends dpkg-dev file
COPY . /source
WORKDIR /source
RUN cmake --preset release -D MOBILENET_CUDA=OFF && cmake --build --preset release -- --quiet && \
    cpack --config build/release/CPackConfig.cmake

FROM debian:12-slim
# Without the window, but with what the program opens when it is needed: HEIC, AVIF, videos, `mobilenet get`.
RUN --mount=type=bind,from=build,source=/source/build/release/packages,target=/packages \
    apt-get update && apt-get install -y --no-install-recommends /packages/mobilenet_*.deb \
      libheif1 libavif15 libavformat59 libavcodec59 libswscale6 libavutil57 \
      libcurl4 libssl3 libarchive13 ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /pictures
ENTRYPOINT ["mobilenet"]
CMD ["--help"]
