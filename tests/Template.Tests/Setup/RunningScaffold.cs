using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Servers;

namespace Template.Tests;

/// <summary>A service made from the template, as a process that can be killed.</summary>
internal sealed class RunningScaffold : IAsyncDisposable
{
    private static readonly TimeSpan ReadyDeadline = TimeSpan.FromMinutes(4);

    private readonly ChildProcess _process;
    private readonly string _log;

    private RunningScaffold(ChildProcess process, string log, Uri address)
    {
        _process = process;
        _log = log;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(20) };
    }

    public HttpClient Http { get; }

    public string Log => File.Exists(_log) ? File.ReadAllText(_log) : "";

    /// <summary>Types ./run, and returns when the service is ready.</summary>
    public static Task<RunningScaffold> RunAsync(Scaffold scaffold, string postgres, string rabbitMq) =>
        StartAsync(scaffold.Directory, ["./run"], postgres, rabbitMq);

    /// <summary>Starts a program that was built, in Release, and returns when the service is ready.</summary>
    public static Task<RunningScaffold> StartAsync(string directory, string project, string postgres, string rabbitMq) => StartAsync(
        directory, ["dotnet", $"{project}/bin/Release/net10.0/{Path.GetFileName(project)}.dll"], postgres, rabbitMq);

    public async Task<JsonElement> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(path, content);
        var said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path} was answered with {answer.StatusCode}: {said}");
        return said.Length == 0 ? default : JsonElement.Parse(said);
    }

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(path);

    public Task KillAsync() => _process.StopAsync(Signal.Kill, TimeSpan.FromSeconds(10));

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.StopAsync(Signal.Terminate, TimeSpan.FromSeconds(60));
    }

    private static async Task<RunningScaffold> StartAsync(string directory, IReadOnlyList<string> line, string postgres, string rabbitMq)
    {
        var port = FreePorts.Find(1)[0];
        var log = Path.Combine(directory, $".local-{port}.log");
        var process = ChildProcess.Start(new ChildProgram(line[0] == "./run" ? Path.Combine(directory, "run") : line[0], [.. line.Skip(1)])
        {
            Directory = directory,
            LogFile = log,
            Environment = new Dictionary<string, string>
            {
                ["SERVERS"] = "",
                ["PORT"] = $"{port}",
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                // Servers that somebody lends to the tests may run without fsync, which only Development allows.
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["ConnectionStrings__Postgres"] = postgres,
                ["ConnectionStrings__RabbitMq"] = rabbitMq,
            },
        });
        var running = new RunningScaffold(process, log, new Uri($"http://127.0.0.1:{port}"));
        try
        {
            await Eventually.IsTrueAsync(
                async () =>
                {
                    if (process.HasExited)
                    {
                        return true;
                    }

                    using var answer = await running.Http.GetAsync("/health/ready");
                    return answer.IsSuccessStatusCode;
                },
                ReadyDeadline, () => $"{directory} is ready; its log:\n{running.Log}");
            Assert.False(process.HasExited, $"{directory} has ended before it was ready; its log:\n{running.Log}");
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }
}
