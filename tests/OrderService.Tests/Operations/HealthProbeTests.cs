using OrderService.Operations;

namespace OrderService.Tests.Operations;

public sealed class HealthProbeTests
{
    [Theory]
    [InlineData(null, null, "8080")]
    [InlineData(null, "9090;9091", "9090")]
    [InlineData("", "9090", "9090")]
    [InlineData("http://+:8081", "9090", "8081")]
    [InlineData("https://+:8443;http://+:8080", null, "8080")]
    [InlineData("http://+", null, "80")]
    [InlineData("http://[::]:8082/", null, "8082")]
    [InlineData("https://+:8443", "9090", null)]
    public void The_probe_asks_where_the_service_speaks_http(string? addresses, string? ports, string? asked) => Assert.Equal(
        asked,
        HealthProbe.Port(variable => variable switch
        {
            "ASPNETCORE_URLS" => addresses,
            "ASPNETCORE_HTTP_PORTS" => ports,
            _ => null,
        }));
}
