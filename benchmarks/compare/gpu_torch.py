# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The mobilenet.cpp authors
"""The networks as modules of PyTorch, and the ways to run one that are timed.

Each is set up as PyTorch's documentation asks for the shortest time of a fixed shape: batch norm is folded already, maps
lie channels last, cuDNN tries its algorithms, inputs lie on the device in the module's precision and outputs stay there.
"""

import math

import torch
from torch.nn import functional

CHUNK = 8  # pictures at once in float32, whose answers nobody waits for


class Convolution(torch.nn.Conv2d):
    """With TensorFlow's SAME padding, which cuDNN cannot do where one side gets more than the other, and ReLU6."""

    def __init__(self, node):
        outputs, *kernel, inputs = node.weights.shape
        groups = outputs if node.kind == "depthwise" else 1
        (top, bottom), (left, right) = node.padding
        even = top == bottom and left == right
        super().__init__(inputs * groups, outputs, kernel, node.stride, (top, left) if even else 0, node.dilation,
                         groups)
        self.weight = torch.nn.Parameter(torch.from_numpy(node.weights.transpose(0, 3, 1, 2).copy()), False)
        self.bias = torch.nn.Parameter(torch.from_numpy(node.bias.copy()), False)
        self.uneven, self.relu6 = None if even else (left, right, top, bottom), node.relu6

    def forward(self, values):
        if self.uneven:
            values = functional.pad(values, self.uneven)
        values = super().forward(values)
        return functional.relu6(values, inplace=True) if self.relu6 else values


class Dense(torch.nn.Linear):
    def __init__(self, node):
        super().__init__(node.weights.shape[3], node.weights.shape[0])
        self.weight = torch.nn.Parameter(torch.from_numpy(node.weights[:, 0, 0, :].copy()), False)
        self.bias = torch.nn.Parameter(torch.from_numpy(node.bias.copy()), False)

    def forward(self, values):
        return super().forward(values.flatten(1))


class Joined(torch.nn.Module):
    def forward(self, *values):
        return torch.cat(values, 1)  # channels of maps, or rows


class Sum(torch.nn.Module):
    def forward(self, left, right):
        return left + right


class Pooled(torch.nn.Module):
    def forward(self, values):
        return values.mean((2, 3), keepdim=True)


class Rows(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape

    def forward(self, values):
        return values.permute(0, 2, 3, 1).reshape(len(values), *self.shape)  # a view, as maps lie channels last


class Enlarged(torch.nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.size = shape[:2]

    def forward(self, values):
        if values.shape[2:] == (1, 1):
            return values.expand(-1, -1, *self.size)
        return functional.interpolate(values, self.size, mode="bilinear", align_corners=True)


def layer_of(node, shape):
    if node.kind in ("conv", "depthwise"):
        return Convolution(node)
    if node.kind in ("reshape", "resize"):
        return {"reshape": Rows, "resize": Enlarged}[node.kind](shape)
    return {"dense": lambda: Dense(node), "concat": Joined, "add": Sum, "mean": Pooled}[node.kind]()


class Module(torch.nn.Module):
    """A network. Takes maps, planes first in PyTorch's words; gives a tuple of what the file's outputs are, channels
    last, or with `mask` the best class of every pixel."""

    def __init__(self, network, mask=False):
        super().__init__()
        self.layers = torch.nn.ModuleList(layer_of(node, network.shapes[node.name]) for node in network.nodes)
        self.steps = [(node.name, node.inputs) for node in network.nodes]
        self.outputs, self.mask, users = network.outputs, mask, {}
        for at, node in enumerate(network.nodes):
            users.update(dict.fromkeys(node.inputs, at))
        self.done = [[name for name, last in users.items() if last == at] for at in range(len(network.nodes))]
        self.eval()

    def forward(self, values):
        made = {"x": values}
        for layer, (name, inputs), done in zip(self.layers, self.steps, self.done):
            made[name] = layer(*(made[source] for source in inputs))
            for source in done:  # its memory is the next one's
                del made[source]
        if self.mask:
            return (made[self.outputs[0]].argmax(1).to(torch.uint8),)
        return tuple(value.permute(0, 2, 3, 1) if value.dim() == 4 else value
                     for value in (made[name] for name in self.outputs))


def placed(module, device, dtype):
    return module.to(device=device, dtype=dtype, memory_format=torch.channels_last)


def input_of(values, device, dtype):
    """[batch, height, width, 3] numbers as the module takes them."""
    return torch.from_numpy(values).to(device).to(dtype).permute(0, 3, 1, 2)


def in_numpy(outputs):
    return [(value if value.dtype == torch.uint8 else value.float()).cpu().numpy() for value in outputs]


@torch.no_grad()
def reference(network, values, device):
    """The outputs in float32: of TF32, which drops 13 bits, nothing is used."""
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    module = placed(Module(network), device, torch.float32)
    parts = [[part.cpu() for part in module(input_of(values[at:at + CHUNK], device, torch.float32))]
             for at in range(0, len(values), CHUNK)]
    return [torch.cat(outputs).numpy() for outputs in zip(*parts)]


class Eager:
    """Operator by operator. `input` keeps its memory: what is copied into it is computed next."""

    name, title = "eager", "PyTorch, eager"

    def __init__(self, module, values):
        self.body, self.input = module, values

    def run(self):
        return self.body(self.input)

    def close(self):
        self.body = self.input = None


class Graph(Eager):
    """A CUDA graph of that."""

    name, title = "graph", "PyTorch, CUDA graph"

    def __init__(self, module, values):
        super().__init__(module, values)
        side = torch.cuda.Stream()  # cuDNN chooses and libraries load before the capture
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.body(self.input)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.kept = self.body(self.input)

    def run(self):
        self.graph.replay()
        return self.kept

    def close(self):
        super().close()
        self.graph = self.kept = None


class Compiled(Eager):
    """Compiled for one shape, weights frozen, replayed by PyTorch's own CUDA graphs, which copy the input first."""

    name, title = "compile", "PyTorch, compiled"

    def __init__(self, module, values):
        super().__init__(compiled(module, "reduce-overhead"), values)

    def run(self):
        torch.compiler.cudagraph_mark_step_begin()
        return self.body(self.input)

    def close(self):
        super().close()
        torch._dynamo.reset()


class Autotuned(Graph):
    """The most that there is: kernels chosen by trying, minutes of it, in a CUDA graph that copies nothing."""

    name, title = "autotune", "PyTorch, autotuned, CUDA graph"

    def __init__(self, module, values):
        super().__init__(compiled(module, "max-autotune-no-cudagraphs"), values)

    def close(self):
        super().close()
        torch._dynamo.reset()


WAYS = {way.name: way for way in (Eager, Graph, Compiled, Autotuned)}


def compiled(module, mode):
    import torch._inductor.config
    torch._inductor.config.freezing = True  # heeded without gradients only
    return torch.compile(module, mode=mode, dynamic=False, fullgraph=True)


def burst(run, count):
    """Mean microseconds of a run, of `count` back to back."""
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(count):
        run()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) * 1e3 / count


def bursts(run, rounds, milliseconds):
    """As many numbers, each of a burst of about `milliseconds`, after a shorter one: clocks fall while others run."""
    for _ in range(3):
        run()
    count = max(3, math.ceil(milliseconds * 1e3 / burst(run, 3)))
    burst(run, count)
    return [burst(run, count) for _ in range(rounds)]
