using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace OrderService.Tests.Operations;

/// <summary>The program as its supervisor sees it.</summary>
public sealed class ProcessTests
{
    private const string Postgres = "Host=127.0.0.1;Port=1;Database=orders;Username=u;Password=secret";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("Roles", "api,chef", "Roles is \"api,chef\": it must be one or more of api, relay")]
    [InlineData("Roles", " , ", "Roles is \" , \"")]
    [InlineData("Roles__0", "api", "Roles__0 is not a setting")]
    [InlineData("Operations__Token", "short", "Operations__Token has 5 characters: it must have at least 16")]
    [InlineData("ASPNETCORE_URLS", "8080", "ASPNETCORE_URLS is \"8080\": it must be addresses such as http://127.0.0.1:8080")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:0;ftp://127.0.0.1:0", "ASPNETCORE_URLS is \"http://127.0.0.1:0;ftp://127.0.0.1:0\"")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:x", "ASPNETCORE_URLS is \"http://127.0.0.1:x\"")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:65536", "ASPNETCORE_URLS is \"http://127.0.0.1:65536\"")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:0/path", "ASPNETCORE_URLS is \"http://127.0.0.1:0/path\"")]
    [InlineData("ASPNETCORE_URLS", "http://192.0.2.1:0", "ASPNETCORE_URLS is \"http://192.0.2.1:0\": the service cannot listen there")]
    [InlineData("ASPNETCORE_HTTP_PORTS", "8080,8081", "ASPNETCORE_HTTP_PORTS is \"8080,8081\": it must be numbers up to 65535")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT is \"collector:4317\": it must be an http:// or https:// URI")]
    [InlineData("ConnectionStrings__Postgres", "", "ConnectionStrings__Postgres is not set")]
    [InlineData("ConnectionStrings__Postgres", "Host=x;Nonsense=1;Password=secret", "ConnectionStrings__Postgres is not understood")]
    [InlineData("ConnectionStrings__Postgres", "Database=orders;Username=u;Password=secret", "ConnectionStrings__Postgres is not understood")]
    [InlineData("ConnectionStrings__Postgres", Postgres + ";Minimum Pool Size=60;Maximum Pool Size=50", "ConnectionStrings__Postgres is not understood")]
    [InlineData("ConnectionStrings__Postgres", Postgres + ";Target Session Attributes=primary", "ConnectionStrings__Postgres is not understood")]
    [InlineData("ConnectionStrings__Postgres", Postgres + ";Multiplexing=true", "ConnectionStrings__Postgres has Multiplexing")]
    [InlineData("ConnectionStrings__Postgres", Postgres + ";Host=127.0.0.1:x", "ConnectionStrings__Postgres is not understood")]
    [InlineData("ConnectionStrings__Postgres", Postgres + ";Port=65536", "ConnectionStrings__Postgres has Port=65536: it must be from 1 to 65535")]
    [InlineData("ConnectionStrings__RabbitMq", "http://guest:secret@localhost", "ConnectionStrings__RabbitMq is not understood")]
    [InlineData("ConnectionStrings__RabbitMq", "amqp://guest:secret@localhost/a/b", "ConnectionStrings__RabbitMq is not understood")]
    [InlineData("Outbox__BatchSize", "0", "Outbox__BatchSize is \"0\": it must be a whole number from 1 to 10000")]
    [InlineData("Outbox__Bachsize", "1", "Outbox__Bachsize is not a setting")]
    [InlineData("Outbox", "1", "Outbox is \"1\": it must be left unset: the names under it are BatchSize")]
    [InlineData("Outbox__Lease__X", "1", "Outbox__Lease__X is not a setting")]
    [InlineData("Outbox__Retention", "24:00:00", "Outbox__Retention is \"24:00:00\": it must be a duration from 0 s to 3650 d, written as 500ms, 15s, 5min, 1h, 7d or hh:mm:ss below 24 hours")]
#if (!noInbox)
    [InlineData("Inbox__Prefetch", "1", "Inbox__Prefetch")]
    [InlineData("Inbox__Retry__Tries", "21", "Inbox__Retry__Tries is \"21\"")]
    [InlineData("Inbox__Retry", "5", "Inbox__Retry is \"5\": it must be left unset: the names under it are Cap")]
#else
    [InlineData("Roles", "consumer", "Roles is \"consumer\": it must be one or more of api, relay,")]
#endif
    public async Task A_setting_out_of_bounds_ends_the_start_with_exit_code_1_and_one_clear_line(string name, string value, string said)
    {
        var (exitCode, error) = await RunAsync(name, value);

        Assert.Equal(1, exitCode);
        Assert.Contains(said, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Outbox__InFlight", "0", "Outbox__InFlight")]
    [InlineData("ConnectionStrings__RabbitMq", "localhost", "ConnectionStrings__RabbitMq is not understood")]
#if (!noInbox)
    [InlineData("Inbox__Lanes", "0", "Inbox__Lanes")]
#endif
    public async Task A_setting_of_the_libraries_is_checked_in_every_role(string name, string value, string said)
    {
        var (exitCode, error) = await RunAsync(name, value, "--Roles=api");

        Assert.Equal(1, exitCode);
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("relay")]
#if (!noInbox)
    [InlineData("consumer")]
#endif
    public async Task A_role_that_needs_the_broker_does_not_start_without_its_address(string role)
    {
        var (exitCode, error) = await RunAsync("ConnectionStrings__RabbitMq", "", $"--Roles={role}");

        Assert.Equal(1, exitCode);
        Assert.Contains("ConnectionStrings__RabbitMq is not set", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bound_that_follows_from_another_setting_is_told_exactly()
    {
        var (exitCode, error) = await RunAsync("Outbox__RetryCap", "80s", "--Outbox:RetryFirst=90s");

        Assert.Equal(1, exitCode);
        Assert.Contains("Outbox__RetryCap is \"80s\": it must be a duration from 90 s to 1 d", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_connections_at_the_least_than_usual_at_the_most_raise_the_most()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();

        // Which ends the start when all settings were good.
        var (exitCode, error) = await RunAsync(
            "ConnectionStrings__Postgres", Postgres + ";Minimum Pool Size=60", $"--urls=http://{taken.LocalEndpoint}");

        Assert.Equal(1, exitCode);
        Assert.Contains(taken.LocalEndpoint.ToString()!, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_without_a_stack_trace()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();

        var (exitCode, error) = await RunAsync("ASPNETCORE_URLS", $"http://{taken.LocalEndpoint}");

        Assert.Equal(1, exitCode);
        Assert.Contains(taken.LocalEndpoint.ToString()!, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task A_background_service_that_fails_ends_the_process_with_exit_code_1(bool fails, int exitCode)
    {
        var before = Environment.ExitCode;
        try
        {
            await OrderService.Operations.ServiceProcess.RunAsync(() => Program.Build(
                ["--urls=http://127.0.0.1:0", "--Roles=api", $"--ConnectionStrings:Postgres={Postgres}"],
                builder => builder.Services.AddSingleton(new Ending(fails)).AddHostedService<EndsTheService>())).WaitAsync(Deadline);

            Assert.Equal(exitCode, Environment.ExitCode);
        }
        finally
        {
            // It would become that of the tests.
            Environment.ExitCode = before;
        }
    }

    [Fact]
    public async Task The_health_probe_of_a_service_that_does_not_answer_fails()
    {
        var (exitCode, error) = await RunAsync("ASPNETCORE_HTTP_PORTS", "1", "--health");

        Assert.Equal(1, exitCode);
        Assert.NotEmpty(error);
    }

    [Fact]
    public async Task The_health_probe_asks_where_the_service_listens()
    {
        using var service = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        service.Start();
        var probing = RunAsync("ASPNETCORE_URLS", $"http://+:{((System.Net.IPEndPoint)service.LocalEndpoint).Port}/", "--health");

        using var client = await service.AcceptTcpClientAsync().WaitAsync(Deadline);
        await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());

        var (exitCode, error) = await probing;
        Assert.True(exitCode == 0, error);
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(string name, string value, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["ConnectionStrings__Postgres"] = Postgres,
                ["ConnectionStrings__RabbitMq"] = "amqp://guest:guest@127.0.0.1:1",
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                [name] = value,
            },
        };
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Deadline);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"It still runs after {Deadline}: {await output}");
        }

        return (process.ExitCode, await error);
    }

    private sealed record Ending(bool Fails);

    private sealed class EndsTheService(Ending ending, IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var _ = lifetime.ApplicationStarted.Register(started.SetResult);
            await started.Task;
            if (ending.Fails)
            {
                throw new InvalidOperationException("A bug.");
            }

            lifetime.StopApplication();
        }
    }
}
