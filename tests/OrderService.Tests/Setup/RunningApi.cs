namespace OrderService.Tests;

/// <summary>One service with the role api, shared by tests that leave no row behind.</summary>
public sealed class RunningApi(ServersFixture servers) : IAsyncLifetime
{
    public ServiceArena Arena { get; private set; } = null!;

    public ServiceUnderTest Service { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Arena = await ServiceArena.CreateAsync(servers);
        // It says when a request has ended.
        Service = await Arena.StartAsync("--Roles=api", "--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics=Information");
    }

    public async Task DisposeAsync() => await Arena.DisposeAsync();
}
