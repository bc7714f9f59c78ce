namespace Servers;

/// <summary>The directory of this repository on this machine.</summary>
public static class RepositoryRoot
{
    /// <summary>The full path, found upwards from where the running program lies.</summary>
    /// <exception cref="ServersException">The program was copied out of the repository.</exception>
    public static string Path { get; } = Find();

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "tools", "Servers", "Servers.csproj")))
            {
                return directory.FullName;
            }
        }

        throw new ServersException($"{AppContext.BaseDirectory} is not inside the repository.");
    }
}
