using Bench.Results;

namespace Commands.Tests.Benchmarks;

public sealed class LatestJsonTests
{
    [Fact]
    public void Each_figure_is_an_object_with_all_fields_in_order() => Assert.Equal(
        """
        [
          {
            "workload": "relay",
            "variant": "ceiling",
            "unit": "messages/s",
            "median": 20000,
            "min": 19000,
            "max": 21000,
            "runs": 3,
            "ceiling": null,
            "ratio": null
          },
          {
            "workload": "relay",
            "variant": "ours",
            "unit": "CPU µs/message",
            "median": 12.346,
            "min": 12.346,
            "max": 12.346,
            "runs": 1,
            "ceiling": 10,
            "ratio": 1.235
          }
        ]

        """,
        LatestJson.Text(
        [
            Figure.Of("relay", "ceiling", "messages/s", [21_000, 19_000, 20_000], ceiling: null),
            Figure.Of("relay", "ours", "CPU µs/message", [12.34567], ceiling: 10),
        ]));

    [Fact]
    public void No_figure_is_an_empty_array() => Assert.Equal("[]\n", LatestJson.Text([]));
}
